"""Turn a syntax tree into a checked one, for one kind of caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from tenfold.filters.errors import FilterError
from tenfold.filters.names import Names, names_for
from tenfold.filters.operands import (
    Back,
    Column,
    Compare,
    Distance,
    Fixed,
    Formatted,
    Getter,
    Joined,
    Lower,
    Operand,
    Ordered,
    Own,
    Related,
    Seen,
    Source,
    Test,
    Value,
)
from tenfold.filters.parse import parse
from tenfold.filters.tree import (
    Call,
    Comparison,
    Constant,
    Expression,
    Keyword,
    Name,
    SortKey,
)
from tenfold.filters.tree import Operand as Written
from tenfold.schema.collection import Catalog, Collection

MAX_FORMAT_ARGUMENTS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A checked expression for callers of one collection (or guests).

    Its values are the text's constants followed by what `getters` read from a request; a
    getter's name tells what it reads.
    `looks_back`: it asks for records that point at the record itself.
    """

    root: Test
    getters: tuple[Getter, ...]
    getter_names: tuple[str, ...]
    used: frozenset[str]
    reads: frozenset[str]
    needs_caller: bool
    is_volatile: bool
    looks_back: bool


def plan_test(
    expression: Expression,
    constant_count: int,
    collection: Collection,
    caller: Collection | None,
    catalog: Catalog,
    *,
    hidden_allowed: bool,
) -> Plan:
    """Resolve every name of an expression. Raises: FilterError."""
    names = names_for(collection, caller, catalog, constant_count, hidden_allowed=hidden_allowed)
    root = _Checker(names, hidden_allowed).test(expression)
    if not hidden_allowed:
        root = _all((root, *_visibility(names)))
    return _plan(names, root)


def plan_visibility(
    keys: tuple[SortKey, ...], collection: Collection, caller: Collection | None, catalog: Catalog
) -> Plan | None:
    """The condition that the records a client sorts by are ones that it may list.

    None when there is nothing to ask. Raises: FilterError.
    """
    names = names_for(collection, caller, catalog, 0, hidden_allowed=False)
    for key in keys:
        _ordered(names, key)
    tests = _visibility(names)
    return _plan(names, _all(tests)) if tests else None


def _plan(names: Names, root: Test) -> Plan:
    return Plan(
        root,
        tuple(names.slots.getters),
        tuple(names.slots.names),
        frozenset(names.paths.used),
        frozenset(names.reads),
        names.needs_caller,
        names.is_volatile,
        any(map(_is_own_back, names.paths.sources.values())),
    )


def _all(tests: tuple[Test, ...]) -> Test:
    return tests[0] if len(tests) == 1 else Joined("&&", tests)


def _visibility(names: Names) -> tuple[Test, ...]:
    """That every joined record is one that the list rule of its collection shows.

    Without it, clients could find out about records that they may not see, by filtering and
    sorting others. Raises: FilterError for collections that only superusers may list.
    """
    joined = [s for s in names.paths.sources.values() if isinstance(s, (Related, Back))]
    return tuple(test for source in joined if (test := _is_visible(names, source)))


def _is_visible(names: Names, source: Related | Back) -> Test | None:
    rule = source.collection.list_rule
    if rule is None:
        raise FilterError(f"only superusers can list {source.collection.name!r}")
    if not rule.strip():
        return None
    seen = Seen(f"{source.key}!", False, source.multiplies, source, source.collection)
    inner = names.about(seen)
    test = _Checker(inner, hidden_allowed=True).test(parse(rule))
    names.heed(inner)
    is_none = Compare(inner.resolve("id"), "=", Fixed(None), is_any=True)
    return Joined("||", (is_none, test))


def _is_own_back(source: Source) -> bool:
    return isinstance(source, Back) and isinstance(source.anchor.source, Own)


def plan_sort(
    keys: tuple[SortKey, ...], collection: Collection, catalog: Catalog, *, hidden_allowed: bool
) -> tuple[tuple[Ordered, ...], frozenset[str]]:
    """Resolve the keys of a sort, and say which other collections they read.

    Raises: FilterError.
    """
    names = names_for(collection, None, catalog, 0, hidden_allowed=hidden_allowed)
    ordered = tuple(_ordered(names, key) for key in keys)
    return ordered, frozenset(names.paths.used)


def _ordered(names: Names, key: SortKey) -> Ordered:
    if key.name == "@random":
        return Ordered("random", key.is_descending)
    if key.name == "@rowid":
        if names.own.collection.type == "view":
            raise FilterError("a view can't be sorted by @rowid")
        return Ordered("rowid", key.is_descending)
    operand = names.resolve(key.name)
    if isinstance(operand, (Value, Fixed)) or names.slots.getters:
        raise FilterError(f"invalid sort field {key.name!r}")
    return Ordered(operand, key.is_descending)


@dataclass(slots=True)
class _Checker:
    names: Names
    hidden_allowed: bool

    def test(self, expression: Expression) -> Test:
        if isinstance(expression, Comparison):
            return self._compare(expression)
        return Joined(expression.junction, tuple(map(self.test, expression.parts)))

    def _compare(self, comparison: Comparison) -> Compare:
        left = self._operand(comparison.left)
        right = self._operand(comparison.right)
        guards = () if self.hidden_allowed else (*_guards(left), *_guards(right))
        return Compare(left, comparison.operator, right, comparison.is_any, guards)

    def _operand(self, written: Written) -> Operand:
        match written:
            case Name(text=text):
                return self.names.resolve(text)
            case Constant(value=value, slot=slot):
                kind = "text" if isinstance(value, str) else "number"
                return Value(self.names.constant(slot, value), kind)
            case Keyword(value=value):
                return Fixed(value)
            case Call(name="geoDistance"):
                return self._distance(written)
            case Call(name="strftime"):
                return self._formatted(written)
            case Call(name=name):
                raise FilterError(f"unknown function {name!r}")

    def _distance(self, call: Call) -> Distance:
        if len(call.arguments) != 4:
            raise FilterError("geoDistance expects 4 arguments")
        if any(isinstance(a, Constant) and isinstance(a.value, str) for a in call.arguments):
            raise FilterError("geoDistance expects numbers or fields")
        arguments = tuple(map(self._operand, call.arguments))
        return Distance(cast(tuple[Operand, Operand, Operand, Operand], arguments))

    def _formatted(self, call: Call) -> Formatted:
        first, *others = call.arguments or (None,)
        if len(call.arguments) > MAX_FORMAT_ARGUMENTS:
            raise FilterError(f"strftime expects at most {MAX_FORMAT_ARGUMENTS} arguments")
        texts = [first, *others[1:]]
        if not all(isinstance(a, Constant) and isinstance(a.value, str) for a in texts):
            raise FilterError("strftime expects quoted text for its format and modifiers")
        # A constant may be a moment relative to now: "now", or no moment at all.
        if not others or isinstance(others[0], Constant):
            self.names.is_volatile = True
        return Formatted(tuple(map(self._operand, call.arguments)))


def _guards(operand: Operand) -> tuple[Column, ...]:
    """The emailVisibility column beside a compared email, which only its owner may reveal."""
    if isinstance(operand, Lower):
        operand = operand.operand
    if not isinstance(operand, Column) or operand.slot is not None:
        return ()
    collection = getattr(operand.source, "collection", None)
    if operand.field.name != "email" or not isinstance(collection, Collection):
        return ()
    visibility = collection.by_name.get("emailVisibility")
    if collection.type != "auth" or visibility is None:
        return ()
    return (Column(operand.source, visibility),)
