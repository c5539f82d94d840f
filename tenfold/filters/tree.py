"""The two trees of the filter language.

`parse` turns text into the first (names are still text), `check` into the second (names are
resolved against the catalog). Back ends (SQL in `store`, the Python predicate here) read the
second only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Field

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~", "!~"]
Junction = Literal["&&", "||"]


# --- what parse gives -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier as written: `title`, `author.name:lower`, `@request.auth.id`, `@now`."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal_:
    """A constant: text, number, true, false or null."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function: `geoDistance(lonA, latA, lonB, latB)`, `strftime(format, time, ...)`."""

    name: str
    arguments: tuple[Operand, ...]


Operand = Name | Literal_ | Call


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
