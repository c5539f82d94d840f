"""Rules as Python functions, for those that the record and the request alone can decide.

The source of one function is generated per shape and compiled once; constants are bound later.
It must agree with SQL exactly, so whatever would compare text with numbers, or needs the
database, has no predicate. Null never reaches a result: SQL's null is False here, which comes
to the same because the language has no negation of groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.filters.like import anywhere, like, matcher, unlike
from tenfold.filters.macros import utc_now
from tenfold.filters.operands import (
    Caller,
    Changed,
    Column,
    Compare,
    Element,
    Fixed,
    Items,
    Joined,
    JsonPart,
    Kind,
    Length,
    Lower,
    Operand,
    Own,
    Test,
    Value,
    is_flag,
)
from tenfold.filters.plan import Plan
from tenfold.filters.values import Scalar, json_text, lower, pattern
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Storage

Constants = tuple[str | float, ...]
Predicate = Callable[[Mapping[str, Any], RequestFacts], bool]
PredicateMaker = Callable[[Constants], Predicate]

MAX_NESTING = 30

_KINDS: dict[Storage, Kind] = {
    Storage.TEXT: "text",
    Storage.NUMBER: "number",
    Storage.BOOL: "number",
    Storage.LIST: "list",
}
_OPERATORS = {"=": "==", "!=": "!="}


class _NeedsDatabase(Exception):
    """The expression can't be decided here."""


def predicate_maker(
    collection: Collection, plans: Mapping[str, Plan], sample: Constants
) -> PredicateMaker | None:
    """Compile a form's plans (by the caller's collection, "" for guests).

    `sample`: the constants of any text of the form. None when any plan needs the database,
    or when the collection is a view, whose columns may hold anything.
    """
    if collection.type == "view":
        return None
    try:
        makers = {key: _compile(plan, sample) for key, plan in plans.items()}
    except _NeedsDatabase:
        return None
    guest = makers[""]
    if len(makers) == 1:
        return guest
    return lambda constants: _by_caller({key: make(constants) for key, make in makers.items()})


def _by_caller(table: Mapping[str, Predicate]) -> Predicate:
    guest = table[""]

    def predicate(values: Mapping[str, Any], facts: RequestFacts) -> bool:
        actor = facts.actor
        if actor is None:
            return guest(values, facts)
        return table.get(actor.record.collection.id, guest)(values, facts)

    return predicate


def _compile(plan: Plan, sample: Constants) -> PredicateMaker:
    writer = _Writer(plan, sample)
    body = writer.test(plan.root, 0)
    names = "".join(f"k{index}, " for index in range(len(sample)))
    prepared = "".join(f"    {line}\n" for line in writer.prepared)
    source = (
        f"def make(constants):\n    ({names}) = constants\n{prepared}"
        f"    def predicate(v, f):\n        a = f.actor\n        return {body}\n"
        "    return predicate\n"
    )
    namespace: dict[str, Any] = {**_GLOBALS, **writer.globals}
    exec(source, namespace)
    return namespace["make"]


def _same_type(left: Scalar, right: Scalar) -> bool:
    if left is None or right is None:
        return False
    return isinstance(left, str) == isinstance(right, str)


def _lower_text(text: str) -> str:
    """LOWER() of SQLite, which drops what follows a NUL."""
    return lower(text.partition("\0")[0])


_GLOBALS: dict[str, Any] = {
    "anywhere": anywhere,
    "json_text": json_text,
    "like": like,
    "lower_text": _lower_text,
    "matcher": matcher,
    "pattern": pattern,
    "same_type": _same_type,
    "unlike": unlike,
    "now": utc_now,
    "NOTHING": (None,),
}


@dataclass(frozen=True, slots=True)
class _Code:
    """Python source of an operand.

    `kind` None is the null keyword. `is_sure`: it can't be null, nor of another kind.
    """

    text: str
    kind: Kind | None
    is_sure: bool = True


class _Writer:
    """Writes the source of one plan; `prepared` lines run once per set of constants."""

    def __init__(self, plan: Plan, sample: Constants) -> None:
        self._plan = plan
        self._sample = sample
        self.prepared: list[str] = []
        self.globals: dict[str, Any] = {}

    def test(self, test: Test, depth: int) -> str:
        if depth > MAX_NESTING:
            raise _NeedsDatabase
        if isinstance(test, Joined):
            word = " and " if test.junction == "&&" else " or "
            return f"({word.join(self.test(part, depth + 1) for part in test.parts)})"
        if test.guards:
            guards = " and ".join(f"{self._column(guard).text} is True" for guard in test.guards)
            return f"({self._compare(test)} and {guards})"
        return self._compare(test)

    def _compare(self, test: Compare) -> str:
        left, right = self._element(test.left), self._element(test.right)
        if left is None and right is None:
            return self._match(test, self._code(test.left), self._code(test.right))
        if left is not None and right is not None:
            raise _NeedsDatabase
        item = _Code("x", "text", is_sure=False)
        match = self._match(
            test,
            item if left else self._code(test.left),
            item if right else self._code(test.right),
        )
        # The one null of an empty list fails whatever SQL finds unknown, so all() is enough.
        word = "any" if test.is_any else "all"
        return f"{word}([{match} for x in ({left or right} or NOTHING)])"

    def _element(self, operand: Operand) -> str | None:
        """The list that an operand goes through, if it does."""
        if not isinstance(operand, Element):
            return None
        if not isinstance(operand.source, Items):
            raise _NeedsDatabase
        return self._values(operand.source.column)

    def _match(self, test: Compare, left: _Code, right: _Code) -> str:
        if is_flag(test.right) and not _takes_flag(test):
            raise _NeedsDatabase
        if isinstance(test.left, Changed) or isinstance(test.right, Changed):
            return self._changed(test, left, right)
        if test.operator in ("~", "!~"):
            return self._like(test, left, right)
        if test.operator in _OPERATORS:
            left, right = self._nulled(test.left, left), self._nulled(test.right, right)
            return _equal(left, right, _OPERATORS[test.operator])
        return _order(left, right, test.operator)

    def _nulled(self, operand: Operand, code: _Code) -> _Code:
        """An empty constant is null to = and !=; so are all others of its form."""
        if not isinstance(operand, Value) or operand.slot >= len(self._sample):
            return code
        return _Code("None", None) if self._sample[operand.slot] == "" else code

    def _changed(self, test: Compare, left: _Code, right: _Code) -> str:
        """`:changed` is 0 or 1 and never equals null."""
        if test.operator not in _OPERATORS or {left.kind, right.kind} - {"number", None}:
            raise _NeedsDatabase
        return f"({left.text} {_OPERATORS[test.operator]} {right.text})"

    def _like(self, test: Compare, left: _Code, right: _Code) -> str:
        if left.kind not in ("text", "list"):
            raise _NeedsDatabase
        text = _json(left)
        negate = test.operator == "!~"
        if isinstance(test.right, Value) and test.right.slot < len(self._sample):
            name = f"m{len(self.prepared)}"
            self.prepared.append(f"{name} = matcher(pattern({right.text}))")
            found = f"{'not ' if negate else ''}{name}({text})"
        else:
            shape = f"pattern({right.text})" if _is_value(test.right) else self._anywhere(right)
            found = f"{'unlike' if negate else 'like'}({text}, {shape})"
        return f"({found})" if left.is_sure else f"({_is_text(left)} and {found})"

    def _anywhere(self, right: _Code) -> str:
        if right.kind != "text":
            raise _NeedsDatabase
        return f"anywhere({right.text})"

    # --- operands ---

    def _code(self, operand: Operand) -> _Code:
        match operand:
            case Value(slot=slot, kind=kind):
                return self._value(slot, kind)
            case Fixed(value=None):
                return _Code("None", None)
            case Fixed(value=value):
                return _Code(str(value), "number")
            case Column():
                return self._column(operand)
            case Length(column=column):
                many = column.field.is_multiple
                text = (
                    f"len({self._values(column)})" if many else f"int({self._text(column)} != '')"
                )
                return _Code(text, "number")
            case Lower(operand=Column() as column):
                return _Code(f"lower_text({self._text(column)})", "text")
            case Changed(is_set=is_set, sent=sent, column=Column() as column):
                return self._change(is_set, sent, column)
            case JsonPart(column=column, path=("lon" | "lat" as axis,)):
                return self._axis(column, axis)
            case _:
                raise _NeedsDatabase

    def _value(self, slot: int, kind: Kind | None) -> _Code:
        if slot < len(self._sample):
            return _Code(f"k{slot}", kind)
        if kind is None:
            raise _NeedsDatabase
        name = self._plan.getter_names[slot - len(self._sample)]
        kind = "number" if kind in ("bool", "flag") else kind
        if name.startswith("@caller."):
            field = name.removeprefix("@caller.")
            return _Code(f"(a.record.values.get({field!r}) if a else None)", kind, is_sure=False)
        self.globals[f"g{slot}"] = self._plan.getters[slot - len(self._sample)]
        # A list arrives as the JSON text that SQL sees.
        return _Code(f"g{slot}(f, now)", "text" if kind == "list" else kind, is_sure=False)

    def _column(self, column: Column) -> _Code:
        kind = _KINDS.get(column.storage)
        if kind is None or column.field.type == "password":
            raise _NeedsDatabase
        return _Code(self._values(column), kind)

    def _text(self, column: Column) -> str:
        code = self._column(column)
        if code.kind != "text":
            raise _NeedsDatabase
        return code.text

    def _values(self, column: Column) -> str:
        if isinstance(column.source, Own):
            return f"v[{column.field.name!r}]"
        if isinstance(column.source, Caller):
            return f"a.record.values[{column.field.name!r}]"
        raise _NeedsDatabase

    def _axis(self, column: Column, axis: str) -> _Code:
        if column.storage is not Storage.POINT:
            raise _NeedsDatabase
        return _Code(f"{self._values(column)}[{axis!r}]", "number")

    def _change(self, is_set: Value, sent: Value, column: Column) -> _Code:
        differs = _equal(self._value(sent.slot, sent.kind), self._column(column), "!=")
        return _Code(f"int({self._value(is_set.slot, 'bool').text} and {differs})", "number")


def _equal(left: _Code, right: _Code, operator: str) -> str:
    """= and !=: null and empty text are one."""
    if left.kind is None or right.kind is None:
        other = left if right.kind is None else right
        return _empty(other, operator)
    if left.kind == right.kind == "text":
        return f"({_sure(left)} {operator} {_sure(right)})"
    if left.kind == right.kind:
        return f"({left.text} {operator} {right.text})"
    if {left.kind, right.kind} == {"list", "text"}:
        return f"({_sure(left)} {operator} {_sure(right)})"
    raise _NeedsDatabase


def _empty(code: _Code, operator: str) -> str:
    if code.kind is None:
        return str(operator == "==")
    if code.kind == "text":
        return f"({_sure(code)} {operator} '')"
    return f"({code.text} {operator} None)"


def _order(left: _Code, right: _Code, operator: str) -> str:
    """Null is neither before nor after anything."""
    if left.kind is None or right.kind is None:
        return "False"
    if left.kind != right.kind or left.kind == "list":
        raise _NeedsDatabase
    if left.is_sure and right.is_sure:
        return f"({left.text} {operator} {right.text})"
    return f"(same_type({left.text}, {right.text}) and {left.text} {operator} {right.text})"


def _sure(code: _Code) -> str:
    """Text that is never null."""
    text = _json(code)
    return text if code.is_sure else f"({text} or '')"


def _json(code: _Code) -> str:
    return f"json_text({code.text})" if code.kind == "list" else code.text


def _is_text(code: _Code) -> str:
    return f"isinstance({code.text}, str)"


def _is_value(operand: Operand) -> bool:
    return isinstance(operand, Value)


def _takes_flag(test: Compare) -> bool:
    """Whether a flag at the right compares like the number that it is."""
    if test.operator == "!=":
        return isinstance(test.left, Fixed) or is_flag(test.left)
    return test.operator not in ("~", "!~")
