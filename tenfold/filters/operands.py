"""The checked tree: what every name of a filter stands for.

Back ends (SQL in `store`, the Python predicate here) read this and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tenfold.filters.tree import Junction, Operator
from tenfold.filters.values import Scalar
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Field, Storage

Kind = Literal["text", "number", "bool", "list", "flag"]
"""Flags are what `:isset` gives: SQL's own TRUE and FALSE, with their ways when compared."""
Getter = Callable[[RequestFacts, Callable[[], datetime]], Scalar]


# --- where rows come from ---------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Source:
    """A row, or rows, that a name's path leads to.

    `key` tells sources of one plan apart and is the same in other plans of the same base
    collection. `is_multiple`: one record may lead to many rows, and PocketBase knows it, so
    that a comparison must hold for all of them. `multiplies`: many rows are possible at all.
    """

    key: str
    is_multiple: bool
    multiplies: bool


@dataclass(frozen=True, eq=False)
class Own(Source):
    """The record itself."""

    collection: Collection


@dataclass(frozen=True, eq=False)
class Caller(Source):
    """The caller's own record: at hand, so its columns are values."""

    collection: Collection


@dataclass(frozen=True, eq=False)
class Related(Source):
    """The records that a relation column names; through `items` when it names many."""

    column: Column
    items: Items | None
    collection: Collection


@dataclass(frozen=True, eq=False)
class Back(Source):
    """The records of a collection whose relation `field` names `anchor`, an id column."""

    anchor: Column
    collection: Collection
    field: Field


@dataclass(frozen=True, eq=False)
class Foreign(Source):
    """All records of a collection (`@collection.name:alias`)."""

    collection: Collection


@dataclass(frozen=True, eq=False)
class Seen(Source):
    """One row of another source, as the record that a rule of its collection is about."""

    of: Related | Back
    collection: Collection


@dataclass(frozen=True, eq=False)
class Items(Source):
    """The elements of a list column; one null when it is empty."""

    column: Column


@dataclass(frozen=True, eq=False)
class Sent(Source):
    """The records that a relation in the request's body names: a JSON array of ids."""

    slot: int
    collection: Collection


@dataclass(frozen=True, eq=False)
class SentItems(Source):
    """The elements of a list in the request's body: a JSON array."""

    slot: int


# --- what is compared -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """A value known before the query runs, by its place in `Plan` values."""

    slot: int
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """true, false or null."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a source; `slot` holds its value when the source is the Caller."""

    source: Source
    field: Field
    slot: int | None = None

    @property
    def storage(self) -> Storage:
        return self.field.storage


@dataclass(frozen=True, slots=True)
class JsonPart:
    """A part of a JSON or point column; an empty path is the whole of it."""

    column: Column
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """How many elements a list column has (0 or 1 for a single value)."""

    column: Column


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a list."""

    source: Items | SentItems


@dataclass(frozen=True, slots=True)
class Lower:
    """Text with A-Z in lower case."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Changed:
    """Whether the body sets a field to something else than the record has."""

    is_set: Value
    sent: Value
    column: Column | JsonPart


@dataclass(frozen=True, slots=True)
class Distance:
    """Kilometres between two points: longitude and latitude of one, then of the other."""

    arguments: tuple[Operand, Operand, Operand, Operand]


@dataclass(frozen=True, slots=True)
class Formatted:
    """A time as text, by SQLite's strftime rules."""

    arguments: tuple[Operand, ...]


Operand = (
    Value | Fixed | Column | JsonPart | Length | Element | Lower | Changed | Distance | Formatted
)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`.

    `guards` are boolean columns that must be true as well, on the same row as the match.
    """

    left: Operand
    operator: Operator
    right: Operand
    is_any: bool
    guards: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more conditions joined by one junction."""

    junction: Junction
    parts: tuple[Test, ...]


Test = Compare | Joined


@dataclass(frozen=True, slots=True)
class Ordered:
    """One key of a sort: an operand, chance, or the order of insertion."""

    by: Operand | Literal["random", "rowid"]
    is_descending: bool


def operand_sources(operand: Operand) -> Iterator[Source]:
    """The sources an operand reads, outermost ones only."""
    match operand:
        case Column(source=source) | Element(source=source):
            yield source
        case JsonPart(column=column) | Length(column=column) | Changed(column=column):
            yield from operand_sources(column)
        case Lower(operand=inner):
            yield from operand_sources(inner)
        case Distance(arguments=arguments) | Formatted(arguments=arguments):
            for argument in arguments:
                yield from operand_sources(argument)
        case Value() | Fixed():
            return


def source_parent(source: Source) -> Source | None:
    """The source that one hangs on, if any."""
    match source:
        case Related(items=Items() as items):
            return items
        case Related(column=column) | Items(column=column) | Back(anchor=column):
            return column.source
        case Seen(of=of):
            return of
        case _:
            return None


def source_chain(operand: Operand) -> Iterator[Source]:
    """Every source on the way to what an operand reads."""
    for outermost in operand_sources(operand):
        source: Source | None = outermost
        while source is not None:
            yield source
            source = source_parent(source)


def is_flag(operand: Operand) -> bool:
    """Whether an operand is TRUE or FALSE as SQL spells them."""
    return isinstance(operand, Value) and operand.kind == "flag"


def is_multiple(operand: Operand) -> bool:
    """Whether a comparison with the operand must hold for many values."""
    if isinstance(operand, Distance):
        return False
    return any(source.is_multiple for source in operand_sources(operand))
