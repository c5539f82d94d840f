"""Comparing text with numbers in MariaDB as SQLite does it.

MariaDB turns text into numbers wherever the two meet ('abc' = 0 is true there); SQLite has
rules: a number is less than any text, and a column converts what it is compared with to its
own kind ("affinity", https://www.sqlite.org/datatype3.html#comparisons). A `Side` is an
operand with what those rules need to know, and these functions write the comparison out.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Literal

import apsw

from tenfold.filters.values import Scalar

Affinity = Literal["text", "number", ""]

_SPACE = " \t\n\v\f\r"
_NUMERIC = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
NUMERIC_SQL = "'^[[:space:]]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[[:space:]]*$'"
_LARGEST_INT = 2**63

sqlite = apsw.Connection(":memory:")
"""What needs no row of ours is best asked of SQLite itself."""


@dataclass(frozen=True, slots=True)
class Side:
    """An operand in SQL: `text`, `number`, or one of both as `is_number` says at run time.

    Without `is_number` only one of them is set ("" where not), and for null neither.
    """

    text: str = ""
    number: str = ""
    is_number: str = ""
    affinity: Affinity = ""
    shown: str = ""
    """What LIKE reads, where that is not simply the text of the number."""
    spelled: str | None = None
    """The number that the text is known to spell; "" when it is known to spell none."""

    @property
    def sql(self) -> str:
        """The operand by itself; null exactly when it is."""
        return self.text or self.number or "NULL"

    @property
    def is_null(self) -> bool:
        return not self.text and not self.number

    @property
    def is_either(self) -> bool:
        return bool(self.is_number)


NULL = Side()


def compared(left: Side, operator: str, right: Side) -> str:
    """SQL for `left operator right`; null where a side is."""
    if left.is_null or right.is_null:
        return "NULL"
    left, right = _converted(left, right)
    if not left.is_either and not right.is_either:
        return _fixed(left, operator, right)
    if left.is_either and right.is_either:
        return (
            f"CASE WHEN {left.is_number} AND {right.is_number}"
            f" THEN {left.number} {operator} {right.number}"
            f" WHEN {left.is_number} THEN {_known(right.sql, operator, is_less=True)}"
            f" WHEN {right.is_number} THEN {_known(left.sql, operator, is_less=False)}"
            f" ELSE {left.text} {operator} {right.text} END"
        )
    if left.is_either:
        number, text = (
            replace(left, is_number="", text=""),
            replace(left, is_number="", number=""),
        )
        numbers, texts = _fixed(number, operator, right), _fixed(text, operator, right)
        return f"CASE WHEN {left.is_number} THEN {numbers} ELSE {texts} END"
    number, text = (replace(right, is_number="", text=""), replace(right, is_number="", number=""))
    numbers, texts = _fixed(left, operator, number), _fixed(left, operator, text)
    return f"CASE WHEN {right.is_number} THEN {numbers} ELSE {texts} END"


def same(left: Side, right: Side, *, negate: bool) -> str:
    """SQL for equality for which null equals null only; never null."""
    if left.is_null or right.is_null:
        other = right if left.is_null else left
        return f"{other.sql} IS {'NOT ' if negate else ''}NULL"
    both_null = f"({left.sql} IS NULL AND {right.sql} IS NULL)"
    equal = f"COALESCE({compared(left, '=', right)}, {both_null})"
    return f"NOT {equal}" if negate else equal


def is_blank(side: Side, *, negate: bool) -> str:
    """SQL for being (or not being) the empty text; null stays null."""
    return compared(side, "<>" if negate else "=", Side(text="''"))


def filled(side: Side) -> Side:
    """A side with the empty text in place of null; like any function's it has no affinity."""
    if side.is_null:
        return Side(text="''")
    if side.is_either:
        return replace(side, text=f"COALESCE({side.text}, '')", affinity="")
    if side.number:
        return Side(text="''", number=side.number, is_number=f"({side.number} IS NOT NULL)")
    return Side(text=f"COALESCE({side.text}, '')")


def as_text(side: Side) -> str:
    """SQL for a side as SQLite shows it in text."""
    if side.is_null:
        return "NULL"
    if side.shown:
        return side.shown
    if side.is_either:
        return f"CASE WHEN {side.is_number} THEN {number_text(side.number)} ELSE {side.text} END"
    return number_text(side.number) if side.number else side.text


def as_number(side: Side) -> str:
    """SQL for a side as a number; null for text that spells none."""
    if side.is_null:
        return "NULL"
    if side.number and not side.is_number:
        return side.number
    either = _numeric(side)
    if not either.is_either:
        return either.number or "NULL"
    return f"CASE WHEN {either.is_number} THEN {either.number} END"


def number_text(number: str) -> str:
    """SQL for a number's text: whole ones without a point."""
    return (
        f"CASE WHEN {number} = TRUNCATE({number}, 0) AND ABS({number}) < 9.2e18"
        f" THEN CAST(CAST({number} AS SIGNED) AS CHAR) ELSE CAST({number} AS CHAR) END"
    )


def spells_number(text: str) -> bool:
    """Whether SQLite takes a whole text for a number."""
    return _NUMERIC.fullmatch(text.strip(_SPACE)) is not None


def number_of(value: Scalar) -> float | int | None:
    """The number that a value is or spells."""
    if isinstance(value, str):
        value = float(value.strip(_SPACE))
    if isinstance(value, float) and math.isinf(value):
        return math.copysign(1.7976931348623157e308, value)
    if isinstance(value, int) and abs(value) >= _LARGEST_INT:
        return float(value)
    return int(value) if isinstance(value, bool) else value


def text_of(value: Scalar) -> str | None:
    """The text that a value is, or that a text column of SQLite makes of it."""
    if value is None or isinstance(value, str):
        return value
    return sqlite.execute("SELECT CAST(? AS TEXT)", (number_of(value),)).get


def kind_of(value: Scalar) -> str:
    """What the comparisons care about in a value: null, number, numeric (text) or text."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "numeric" if spells_number(value) else "text"
    return "number"


def _converted(left: Side, right: Side) -> tuple[Side, Side]:
    if left.affinity == "number" != right.affinity:
        return left, _numeric(right)
    if right.affinity == "number" != left.affinity:
        return _numeric(left), right
    if left.affinity == "text" and not right.affinity:
        return left, Side(text=as_text(right))
    if right.affinity == "text" and not left.affinity:
        return Side(text=as_text(left)), right
    return left, right


def _numeric(side: Side) -> Side:
    """A side whose text counts as a number where it spells one."""
    if side.number and not side.is_number:
        return side
    if side.spelled is not None:
        return Side(number=side.spelled) if side.spelled else Side(text=side.text)
    spelled = f"{side.text} REGEXP {NUMERIC_SQL}"
    number = f"CAST({side.text} AS DOUBLE)"
    if side.is_number:
        spelled = f"({side.is_number} OR {spelled})"
        number = f"CASE WHEN {side.is_number} THEN {side.number} ELSE {number} END"
    return Side(text=side.text, number=f"({number})", is_number=spelled)


def _fixed(left: Side, operator: str, right: Side) -> str:
    if left.number and right.number:
        return f"{left.number} {operator} {right.number}"
    if left.text and right.text:
        return f"{left.text} {operator} {right.text}"
    is_less = bool(left.number)
    return (
        f"CASE WHEN {left.sql} IS NOT NULL THEN {_known(right.sql, operator, is_less=is_less)} END"
    )


def _known(other: str, operator: str, *, is_less: bool) -> str:
    """The outcome where a number meets text: less, whatever they are; null for null."""
    holds = operator in ("<>", "!=", *(("<", "<=") if is_less else (">", ">=")))
    return f"CASE WHEN {other} IS NOT NULL THEN {'TRUE' if holds else 'FALSE'} END"
