"""Checked expressions -> SQL text.

A path that may lead to many rows becomes an EXISTS, so that rows never multiply and no
DISTINCT is needed. PocketBase joins the same rows for the same path wherever it stands, so
comparisons joined by && share an EXISTS when they share a path. `||` is taken apart: some row
satisfies one or the other exactly when some row satisfies one or some row satisfies the other
(every path leads to at least one row: LEFT JOIN).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenfold.filters.errors import FilterError
from tenfold.filters.operands import (
    Back,
    Caller,
    Changed,
    Column,
    Compare,
    Distance,
    Element,
    Fixed,
    Foreign,
    Formatted,
    Items,
    Joined,
    JsonPart,
    Length,
    Lower,
    Operand,
    Ordered,
    Own,
    Related,
    Seen,
    Sent,
    SentItems,
    Source,
    Test,
    Value,
    is_flag,
    is_multiple,
    source_chain,
)
from tenfold.filters.values import Scalar, pattern, scalar
from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Field, Storage
from tenfold.store.dialect import Dialect

BASE = "t0"

_MARK = re.compile("\0(\\d+)\0")


@dataclass(slots=True)
class Bound:
    """The values of one execution: per condition, of the record image, and the rest."""

    values: Sequence[Sequence[Scalar]] = ()
    image: Mapping[str, Any] = field(default_factory=dict[str, Any])
    record_id: str = ""
    limit: int = -1
    offset: int = 0


Binder = Callable[[Bound], Any]


@dataclass(slots=True)
class Scope:
    """The joins of one SELECT; `clauses` is shared by the scopes of both sides of a NOT EXISTS."""

    clauses: list[str] = field(default_factory=list[str])
    aliases: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Tagged:
    """A test, the condition it came from, and which of its values are empty.

    `group` is the same for conditions about the same request.
    """

    test: Test
    condition: int
    group: int
    empty: tuple[bool, ...]
    kinds: tuple[Any, ...] = ()
    """What the dialect wants to know of the values beside that."""

    def of(self, test: Test) -> Tagged:
        """Another test of the same condition."""
        return Tagged(test, self.condition, self.group, self.empty, self.kinds)


class Renderer:
    """Renders the parts of one statement; parameters are marks until `finish`.

    `tests` are those of the whole statement. `is_new`: it is about a record not yet stored.
    """

    def __init__(self, dialect: Dialect, collection: Collection, table: str) -> None:
        self.dialect = dialect
        self.root = Scope()
        self.tests: Sequence[Tagged] = ()
        self.is_new = False
        self.own_columns: dict[str, Field] = {}
        self._collection = collection
        self._table = table
        self._binders: list[Binder] = []
        self._alias_count = 0

    def parameter(self, binder: Binder) -> str:
        """A place for a value."""
        self._binders.append(binder)
        return f"\0{len(self._binders) - 1}\0"

    def finish(self, sql: str) -> tuple[str, tuple[Binder, ...]]:
        """Positional placeholders, and the binders in their order."""
        order = [self._binders[int(mark)] for mark in _MARK.findall(sql)]
        return _MARK.sub("?", sql), tuple(order)

    def source(self) -> str:
        """The FROM clause: call it after everything else was rendered."""
        quote, table = self.dialect.quote, self.dialect.table
        source = quote(self._table) if self._table else table(self._collection)
        return " ".join([f"{source} AS {BASE}", *self.root.clauses])

    def ordering(self, keys: Sequence[Ordered]) -> list[str]:
        """What stands behind ORDER BY."""
        return [self._ordered(key) for key in keys]

    def image_value(self, column: Field, *, is_new: bool) -> str:
        """A value of the record's image, converting as its column would."""
        name = column.name
        value = self.parameter(lambda bound: scalar(bound.image.get(name)))
        # PocketBase's new ones don't.
        if is_new or column.storage in (Storage.LIST, Storage.JSON, Storage.POINT):
            return value
        return self.dialect.typed(value, is_number=column.storage is not Storage.TEXT)

    def _ordered(self, key: Ordered) -> str:
        if key.by == "random":
            return self.dialect.random()
        text = self.dialect.rowid(BASE) if key.by == "rowid" else self.order_key(key.by)
        return f"{text} DESC" if key.is_descending else text

    def all_of(self, tests: Iterable[Tagged]) -> str:
        """SQL for tests that must all hold; tests that share a path share its rows."""
        flat = [part for test in tests for part in _conjuncts(test)]
        return " AND ".join(map(self._component, _components(flat)))

    def order_key(self, operand: Operand) -> str:
        """SQL to sort by; of a path to many rows the first counts that the tests leave."""
        tagged = Tagged(Compare(operand, "=", Fixed(None), True), 0, 0, ())
        if not _multiplying(tagged.test):
            return self._operand(tagged, operand, self.root)
        flat = [part for test in self.tests for part in _conjuncts(test)]
        sharing = next(c for c in _components([*flat, tagged]) if tagged in c)
        scope = Scope()
        key = self._operand(tagged, operand, scope)
        tests = [self._flat(test, scope) for test in sharing if test is not tagged]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        return f"(SELECT {key} FROM {self._rows(scope)}{where} LIMIT 1)"

    # --- tests ---

    def _component(self, tests: Sequence[Tagged]) -> str:
        if len(tests) == 1:
            return self._alone(tests[0])
        return self._exists(tests)

    def _alone(self, tagged: Tagged) -> str:
        test = tagged.test
        if isinstance(test, Joined) and test.junction == "||":
            alternatives = (self.all_of([tagged.of(part)]) for part in test.parts)
            return f"({' OR '.join(alternatives)})"
        if _multiplying(test):
            return self._exists([tagged])
        return self._flat(tagged, self.root)

    def _exists(self, tests: Sequence[Tagged]) -> str:
        scope = Scope()
        where = " AND ".join(self._flat(tagged, scope) for tagged in tests)
        return f"EXISTS (SELECT 1 FROM {self._rows(scope)} WHERE {where})"

    def _rows(self, scope: Scope) -> str:
        return " ".join(["(SELECT 1) AS one", *scope.clauses])

    def _flat(self, tagged: Tagged, scope: Scope) -> str:
        test = tagged.test
        if isinstance(test, Compare):
            return self._compare(tagged, test, scope)
        word = " AND " if test.junction == "&&" else " OR "
        return f"({word.join(self._flat(tagged.of(part), scope) for part in test.parts)})"

    def _compare(self, tagged: Tagged, test: Compare, scope: Scope) -> str:
        matches = [self._match(tagged, test, scope, scope)]
        if not test.is_any and (is_multiple(test.left) or is_multiple(test.right)):
            matches.append(self._no_mismatch(tagged, test, scope))
        matches += [f"{self._column(tagged, guard, scope)} = TRUE" for guard in test.guards]
        return matches[0] if len(matches) == 1 else f"({' AND '.join(matches)})"

    def _no_mismatch(self, tagged: Tagged, test: Compare, scope: Scope) -> str:
        # What an inner rule is about stays the row that is being looked at.
        seen = {
            source.key: self._join(tagged, source, scope)
            for operand in (test.left, test.right)
            for source in source_chain(operand)
            if isinstance(source, Seen)
        }
        left = Scope(aliases=dict(seen))
        right = Scope(clauses=left.clauses, aliases=dict(seen))
        mismatch = self._match(
            tagged,
            test,
            left if is_multiple(test.left) else scope,
            right if is_multiple(test.right) else scope,
            is_inverted=True,
        )
        return f"NOT EXISTS (SELECT 1 FROM {self._rows(left)} WHERE NOT ({mismatch}))"

    def _match(
        self,
        tagged: Tagged,
        test: Compare,
        left_scope: Scope,
        right_scope: Scope,
        *,
        is_inverted: bool = False,
    ) -> str:
        if test.operator in ("~", "!~"):
            left = self.as_text(self._operand(tagged, test.left, left_scope))
            right = self._pattern(tagged, test.right, right_scope)
            return self.dialect.like(left, right, negate=test.operator == "!~")
        left = self._typed(tagged, test.left, test.right, left_scope)
        right = self._typed(tagged, test.right, test.left, right_scope)
        if test.operator in ("=", "!="):
            equality = Equality(self, tagged, test, left, right, is_inverted)
            return equality.render(negate=test.operator == "!=")
        return self.compared(left, test.operator, right)

    # --- what engines do differently where text meets numbers ---

    def compared(self, left: str, operator: str, right: str) -> str:
        """SQL that compares two operands."""
        return f"{left} {operator} {right}"

    def same(self, left: str, right: str, *, negate: bool) -> str:
        """Equality for which null equals null only."""
        return self.dialect.same(left, right, negate=negate)

    def is_blank(self, operand: str, *, negate: bool) -> str:
        """Whether an operand is the empty text (or is not); null stays null."""
        return f"{operand} {'<>' if negate else '='} ''"

    def filled(self, operand: str) -> str:
        """An operand with the empty text in place of null."""
        return f"COALESCE({operand}, '')"

    def as_text(self, operand: str) -> str:
        """An operand as LIKE reads it."""
        return operand

    def _pattern(self, tagged: Tagged, operand: Operand, scope: Scope) -> str:
        if isinstance(operand, Value) and not is_flag(operand):
            return self._pattern_value(tagged.condition, operand.slot)
        if isinstance(operand, (Distance, Formatted)):
            arguments = operand.arguments
            if any(isinstance(argument, Value) for argument in arguments):
                # PocketBase puts the % around the arguments then, odd as that is.
                texts = [
                    self._pattern_value(tagged.condition, argument.slot)
                    if isinstance(argument, Value)
                    else self._operand(tagged, argument, scope)
                    for argument in arguments
                ]
                return self.as_text(self._call(tagged, operand, texts))
        return self.dialect.anywhere(self.as_text(self._operand(tagged, operand, scope)))

    def _pattern_value(self, condition: int, slot: int) -> str:
        return self.parameter(lambda bound: pattern(bound.values[condition][slot]))

    # --- operands ---

    def _typed(self, tagged: Tagged, operand: Operand, other: Operand, scope: Scope) -> str:
        """An operand that converts the other side as PocketBase's column would."""
        text = self._operand(tagged, operand, scope)
        if not isinstance(operand, Column) or operand.slot is None:
            return text
        storage = operand.storage
        if _storage(other) is storage or storage in (Storage.LIST, Storage.POINT):
            return text
        return self.dialect.typed(text, is_number=storage is not Storage.TEXT)

    def _operand(self, tagged: Tagged, operand: Operand, scope: Scope) -> str:
        match operand:
            case Value(slot=slot):
                return self._value(tagged.condition, slot)
            case Fixed(value=value):
                return "NULL" if value is None else str(int(value))
            case Column():
                return self._column(tagged, operand, scope)
            case Element(source=source):
                return self.dialect.item(self._join(tagged, source, scope))
            case Length(column=column):
                return self._length(tagged, column, scope)
            case JsonPart(column=column, path=path):
                return self.dialect.part(self._column(tagged, column, scope), path)
            case Lower(operand=inner):
                return self.dialect.lower(self._operand(tagged, inner, scope))
            case Changed():
                return self._changed(tagged, operand, scope)
            case Distance(arguments=arguments) | Formatted(arguments=arguments):
                texts = [self._operand(tagged, argument, scope) for argument in arguments]
                return self._call(tagged, operand, texts)

    def _call(
        self, tagged: Tagged, function: Distance | Formatted, arguments: Sequence[str]
    ) -> str:
        if isinstance(function, Distance):
            return self.dialect.distance(arguments)
        return self.dialect.formatted(arguments)

    def _value(self, condition: int, slot: int) -> str:
        return self.parameter(lambda bound: bound.values[condition][slot])

    def _column(self, tagged: Tagged, column: Column, scope: Scope) -> str:
        if column.slot is not None:
            return self._value(tagged.condition, column.slot)
        if isinstance(column.source, Own):
            self.own_columns[column.field.name] = column.field
        alias = self._join(tagged, column.source, scope)
        return f"{alias}.{self.dialect.quote(column.field.name)}"

    def _length(self, tagged: Tagged, column: Column, scope: Scope) -> str:
        text = self._column(tagged, column, scope)
        if column.field.is_multiple:
            return self.dialect.length(self._array(column, text))
        return f"CASE WHEN {text} = '' OR {text} IS NULL THEN 0 ELSE 1 END"

    def _array(self, column: Column, text: str) -> str:
        """A list column; only views can hold anything else than an array there."""
        return self.dialect.guarded(text) if _is_view(column.source) else text

    def _changed(self, tagged: Tagged, changed: Changed, scope: Scope) -> str:
        compare = Compare(changed.sent, "!=", changed.column, True)
        differs = self._match(tagged, compare, scope, scope)
        return f"({self._value(tagged.condition, changed.is_set.slot)} = 1 AND {differs})"

    # --- joins ---

    def _join(self, tagged: Tagged, source: Source, scope: Scope) -> str:
        if isinstance(source, Own):
            return BASE
        if isinstance(source, Seen):
            return scope.aliases.get(source.key) or self._join(tagged, source.of, scope)
        if not source.multiplies:
            scope = self.root
        key = f"{source.key}#{tagged.group}" if source.key.startswith("@") else source.key
        if key not in scope.aliases:
            clause = self._clause(tagged, source, scope)
            self._alias_count += 1
            scope.aliases[key] = f"t{self._alias_count}"
            scope.clauses.append("LEFT JOIN " + clause(scope.aliases[key]))
            if len(scope.clauses) > self.dialect.max_joins:
                raise FilterError(f"more than {self.dialect.max_joins} joins")
        return scope.aliases[key]

    def _clause(self, tagged: Tagged, source: Source, scope: Scope) -> Callable[[str], str]:
        """The join of a source under an alias; what it hangs on is joined before."""
        quote, items, table = self.dialect.quote, self.dialect.items, self.dialect.table
        match source:
            case Items(column=column):
                array = self._array(column, self._column(tagged, column, scope))
                return lambda alias: f"{items(array, alias)} ON 1"
            case SentItems(slot=slot):
                array = self._value(tagged.condition, slot)
                return lambda alias: f"{items(array, alias)} ON 1"
            case Sent(slot=slot, collection=collection):
                inner = self._within(self._value(tagged.condition, slot))
                return lambda alias: f'{table(collection)} AS {alias} ON {alias}."id" {inner}'
            case Related(column=column, items=through, collection=collection):
                named = Element(through) if through else column
                target = self._operand(tagged, named, scope)
                id_ = quote("id")
                return lambda alias: f"{table(collection)} AS {alias} ON {alias}.{id_} = {target}"
            case Back():
                return self._back(tagged, source, scope)
            case Foreign(collection=collection):
                return lambda alias: f"{table(collection)} AS {alias} ON 1"
            case _:
                raise AssertionError(f"not a joined source: {source}")

    def _back(self, tagged: Tagged, source: Back, scope: Scope) -> Callable[[str], str]:
        anchor = self._column(tagged, source.anchor, scope)
        table = self.dialect.table(source.collection)
        name = self.dialect.quote(source.field.name)
        if not source.field.is_multiple:
            return lambda alias: f"{table} AS {alias} ON {alias}.{name} = {anchor}"

        def clause(alias: str) -> str:
            array = f"{alias}.{name}"
            if source.collection.type == "view":
                array = self.dialect.guarded(array)
            return f"{table} AS {alias} ON {anchor} {self._within(array)}"

        return clause

    def _within(self, array: str) -> str:
        items = self.dialect.items(array, "item")
        return f"IN (SELECT {self.dialect.item('item')} FROM {items})"


@dataclass(frozen=True, slots=True)
class Equality:
    """Renders = and != the way PocketBase means them: null and '' are the same thing.

    `is_inverted`: a NOT stands around it, so that null must stay null.
    """

    renderer: Renderer
    tagged: Tagged
    test: Compare
    left: str
    right: str
    is_inverted: bool

    def render(self, *, negate: bool) -> str:
        left, right = self.test.left, self.test.right
        if is_flag(right) and (negate or self._is_exact()) and not self._is_empty(left):
            return self._truth(negate=negate)
        if self._is_exact():
            return self.renderer.same(self.left, self.right, negate=negate)
        if self._is_empty(left):
            return self._emptiness(self.right, right, negate=negate)
        if self._is_empty(right):
            return self._emptiness(self.left, left, negate=negate)
        if not _is_known(left) and not _is_known(right):
            return self._columns(left, right, negate=negate)
        return self._plain(self.left, self.right, _nullable(left) or _nullable(right), negate)

    def _truth(self, *, negate: bool) -> str:
        """IS TRUE and the like, which ask whether a value counts as true or false."""
        word = "IS NOT" if negate else "IS"
        return (
            f"CASE WHEN {self.right} THEN {self.left} {word} TRUE ELSE {self.left} {word} FALSE END"
        )

    def _is_exact(self) -> bool:
        """Whether null and '' differ; among mismatches only the multiple side decides it."""
        operands = (self.test.left, self.test.right)
        return any(
            _is_exact(operand)
            for operand in operands
            if not self.is_inverted or is_multiple(operand)
        )

    def _is_empty(self, operand: Operand) -> bool:
        if isinstance(operand, Value):
            return self.tagged.empty[operand.slot]
        return isinstance(operand, Fixed) and operand.value is None

    def _emptiness(self, text: str, operand: Operand, *, negate: bool) -> str:
        if self._is_empty(operand):
            text = "''"
        if not _nullable(operand) or self._is_empty(operand):
            return self.renderer.is_blank(text, negate=negate)
        is_sent = isinstance(operand, Element) and isinstance(operand.source, SentItems)
        if is_sent and not self.is_inverted:
            return self._plain(text, "''", True, negate)
        blank = self.renderer.is_blank(text, negate=negate)
        if negate:
            return f"({blank} AND {text} IS NOT NULL)"
        return f"({blank} OR {text} IS NULL)"

    def _columns(self, left: Operand, right: Operand, *, negate: bool) -> str:
        nullable = _nullable(left) or _nullable(right)
        if _storage(left) is _storage(right) is not None and not nullable:
            return self._plain(self.left, self.right, False, negate)
        # An id is never empty, so no null can equal it and the index on the column can serve.
        if not (negate or self.is_inverted) and (_is_id(left) or _is_id(right)):
            return self._plain(self.left, self.right, False, negate)
        filled = self.renderer.filled
        return self._plain(filled(self.left), filled(self.right), False, negate)

    def _plain(self, left: str, right: str, nullable: bool, negate: bool) -> str:
        if not negate:
            return self.renderer.compared(left, "=", right)
        if not nullable:
            return self.renderer.compared(left, "<>", right)
        return self.renderer.same(left, right, negate=True)


def _is_exact(operand: Operand) -> bool:
    """Whether null and '' differ: so it is for parts of JSON and computed numbers."""
    if isinstance(operand, Lower):
        return _is_exact(operand.operand)
    return isinstance(operand, (JsonPart, Distance, Changed))


def _is_known(operand: Operand) -> bool:
    return isinstance(operand, (Value, Fixed))


def _storage(operand: Operand) -> Storage | None:
    return operand.storage if isinstance(operand, Column) else None


def _is_id(operand: Operand) -> bool:
    return (
        isinstance(operand, Column)
        and operand.field.name == "id"
        and isinstance(operand.source, Own)
        and not _is_view(operand.source)
    )


def _is_view(source: Source) -> bool:
    collection = getattr(source, "collection", None)
    return isinstance(collection, Collection) and collection.type == "view"


def _nullable(operand: Operand) -> bool:
    match operand:
        case Value() | Fixed() | Length() | Changed():
            return False
        case Column(source=Own() | Caller() as source):
            return _is_view(source)
        case Lower(operand=inner):
            return _nullable(inner)
        case _:
            return True


def _conjuncts(tagged: Tagged) -> Iterable[Tagged]:
    test = tagged.test
    if isinstance(test, Joined) and test.junction == "&&":
        for part in test.parts:
            yield from _conjuncts(tagged.of(part))
    else:
        yield tagged


def _multiplying(test: Test) -> frozenset[str]:
    """The keys of the sources of a test that may lead to many rows."""
    if isinstance(test, Joined):
        return frozenset(key for part in test.parts for key in _multiplying(part))
    return frozenset(
        source.key
        for operand in (test.left, test.right)
        for source in source_chain(operand)
        if source.multiplies
    )


def _components(tests: Sequence[Tagged]) -> list[list[Tagged]]:
    """Tests gathered by the sources they share; the others stay alone, order kept."""
    components: list[tuple[set[str], list[Tagged]]] = []
    for tagged in tests:
        keys = set(_multiplying(tagged.test))
        joined = [tagged]
        if keys:
            shared = [c for c in components if not c[0].isdisjoint(keys)]
            components = [c for c in components if c[0].isdisjoint(keys)]
            keys = keys.union(*(c[0] for c in shared))
            joined = [*(t for c in shared for t in c[1]), tagged]
        components.append((keys, joined))
    return [joined for _, joined in components]
