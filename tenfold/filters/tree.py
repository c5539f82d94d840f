"""The syntax tree of the filter language: what `parse` gives; names are still text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~", "!~"]
Junction = Literal["&&", "||"]


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier as written: `title`, `author.name:lower`, `@request.auth.id`, `@now`."""

    text: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A quoted text or a number; `slot` is its place among the constants of the whole text."""

    value: str | float
    slot: int


@dataclass(frozen=True, slots=True)
class Keyword:
    """true, false or null."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function: `geoDistance(lonA, latA, lonB, latB)`, `strftime(format, time, ...)`."""

    name: str
    arguments: tuple[Operand, ...]


Operand = Name | Constant | Keyword | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`; `is_any` is the `?` form (one match of many is enough)."""

    left: Operand
    operator: Operator
    right: Operand
    is_any: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more expressions joined by one junction, left to right."""

    junction: Junction
    parts: tuple[Expression, ...]


Expression = Comparison | Group


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of a sort: a name as written and its direction."""

    name: str
    is_descending: bool = False
