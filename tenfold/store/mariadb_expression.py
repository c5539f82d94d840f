"""Checked expressions -> MariaDB's SQL: the common Renderer, text and numbers told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tenfold.filters.operands import (
    Changed,
    Column,
    Distance,
    Element,
    Fixed,
    Formatted,
    JsonPart,
    Length,
    Lower,
    Operand,
    Ordered,
    Own,
    Value,
)
from tenfold.filters.values import Scalar, pattern, scalar
from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Field, Storage
from tenfold.schema.view_query import parse_view_query
from tenfold.store.expression import BASE, Bound, Renderer, Scope, Tagged
from tenfold.store.mariadb_dates import formatted
from tenfold.store.mariadb_sides import (
    NULL,
    Affinity,
    Side,
    as_number,
    as_text,
    compared,
    filled,
    is_blank,
    kind_of,
    number_of,
    same,
    sqlite,
    text_of,
)

if TYPE_CHECKING:
    from tenfold.store.mariadb_dialect import MariadbDialect

_AFFINITIES: dict[Storage, Affinity] = {
    Storage.TEXT: "text",
    Storage.NUMBER: "number",
    Storage.BOOL: "number",
}
_NUMBERS = (Storage.NUMBER, Storage.BOOL)
_NUMBER_TYPES = "('INTEGER', 'DOUBLE', 'DECIMAL', 'UNSIGNED INTEGER', 'BOOLEAN')"


class MariadbRenderer(Renderer):
    """Every operand's SQL is remembered with its `Side`, so that comparisons know what meets."""

    dialect: MariadbDialect

    def __init__(self, dialect: MariadbDialect, collection: Collection, table: str) -> None:
        super().__init__(dialect, collection, table)
        self._sides: dict[str, Side] = {}

    # --- what the common renderer asks ---

    def compared(self, left: str, operator: str, right: str) -> str:
        return compared(self._side(left), operator, self._side(right))

    def same(self, left: str, right: str, *, negate: bool) -> str:
        return same(self._side(left), self._side(right), negate=negate)

    def is_blank(self, operand: str, *, negate: bool) -> str:
        return is_blank(self._side(operand), negate=negate)

    def filled(self, operand: str) -> str:
        return self._kept(filled(self._side(operand)), f"COALESCE({operand}, '')")

    def as_text(self, operand: str) -> str:
        return as_text(self._side(operand))

    def ordering(self, keys: Sequence[Ordered]) -> list[str]:
        terms = [term for key in keys for term in self._order_terms(key)]
        is_stored = self._collection.type != "view"
        # SQLite gives equals in the order of insertion.
        return [*terms, self.dialect.rowid(BASE)] if is_stored else terms

    def image_value(self, column: Field, *, is_new: bool) -> str:
        name = column.name
        value = self.parameter(lambda bound: scalar(bound.image.get(name)))
        return self.dialect.typed(value, is_number=column.storage in _NUMBERS)

    # --- operands ---

    def _typed(self, tagged: Tagged, operand: Operand, other: Operand, scope: Scope) -> str:
        return self._operand(tagged, operand, scope)

    def _operand(self, tagged: Tagged, operand: Operand, scope: Scope) -> str:
        return self._kept(self._side_of(tagged, operand, scope))

    def _side(self, sql: str) -> Side:
        return self._sides.get(sql) or (NULL if sql == "NULL" else Side(text=sql))

    def _kept(self, side: Side, sql: str = "") -> str:
        sql = sql or side.sql
        self._sides[sql] = side
        return sql

    def _side_of(self, tagged: Tagged, operand: Operand, scope: Scope) -> Side:
        match operand:
            case Value(slot=slot):
                return self._value_side(tagged, slot)
            case Fixed(value=value):
                return NULL if value is None else Side(number=str(int(value)))
            case Column():
                return self._column_side(tagged, operand, scope)
            case Element(source=source):
                return self._json_side(f"{self._join(tagged, source, scope)}.value")
            case Length(column=column):
                return Side(number=self._length(tagged, column, scope))
            case JsonPart(column=column, path=path):
                return self._part_side(tagged, column, path, scope)
            case Lower(operand=inner):
                text = as_text(self._side_of(tagged, inner, scope))
                # Like SQLite's, it drops what follows a NUL.
                return Side(text=self.dialect.lower(f"SUBSTRING_INDEX({text}, CHAR(0), 1)"))
            case Changed():
                return Side(number=self._changed(tagged, operand, scope))
            case Distance(arguments=arguments) | Formatted(arguments=arguments):
                texts = [self._operand(tagged, argument, scope) for argument in arguments]
                return self._side(self._call(tagged, operand, texts))

    def _value(self, condition: int, slot: int) -> str:
        text = super()._value(condition, slot)
        self._sides[text] = Side(number=text)
        return text

    def _value_side(self, tagged: Tagged, slot: int) -> Side:
        kind, condition = tagged.kinds[slot], tagged.condition
        if not isinstance(kind, str):
            kind = kind_of(kind[1])
        if kind == "null":
            return NULL
        text = self.parameter(lambda bound: text_of(bound.values[condition][slot]))
        number = self.parameter(lambda bound: number_of(bound.values[condition][slot]))
        if kind == "number":
            return Side(number=number, shown=text)
        return Side(text=text, spelled=number if kind == "numeric" else "")

    def _column_side(self, tagged: Tagged, column: Column, scope: Scope) -> Side:
        storage = column.storage
        affinity = _AFFINITIES.get(storage, "")
        if column.slot is not None:
            return self._caller_side(tagged, column.slot, affinity)
        sql = self._column(tagged, column, scope)
        if self.is_new and isinstance(column.source, Own):
            # The values of a new record come as they are, in no column yet.
            affinity = ""
        if _is_view(column):
            sql = self.dialect.typed(sql, is_number=storage in _NUMBERS)
            affinity = affinity if _is_plain(column) else ""
        if storage in _NUMBERS:
            return Side(number=sql, affinity=affinity)
        return Side(text=sql, affinity=affinity)

    def _caller_side(self, tagged: Tagged, slot: int, affinity: Affinity) -> Side:
        """A field of the caller's record, with the ways of its column."""
        side = self._value_side(tagged, slot)
        if side.is_null:
            return side
        if affinity == "text" and side.number:
            condition = tagged.condition
            side = Side(text=self.parameter(lambda b: text_of(b.values[condition][slot])))
        return replace(side, affinity=affinity)

    def _part_side(
        self, tagged: Tagged, column: Column, path: tuple[str | int, ...], scope: Scope
    ) -> Side:
        document = self._column(tagged, column, scope)
        if not _is_view(column):
            return self._json_side(self.dialect.part(document, path))
        # A view's column may hold anything: what is no JSON is a text of its own.
        document = f"CAST({document} AS CHAR)"
        part = self.dialect.part(document, path)
        other = "NULL" if path else f"JSON_QUOTE({document})"
        return self._json_side(f"CASE WHEN JSON_VALID({document}) THEN {part} ELSE {other} END")

    def _json_side(self, json: str) -> Side:
        text = self.dialect.json_text(json)
        is_true, is_false = (self.dialect.json_is(json, word) for word in ("true", "false"))
        return Side(
            text=text,
            number=(
                f"(CASE WHEN {is_true} THEN 1e0 WHEN {is_false} THEN 0e0"
                f" ELSE CAST({json} AS DOUBLE) END)"
            ),
            is_number=f"JSON_TYPE({json}) IN {_NUMBER_TYPES}",
            shown=f"CASE WHEN {is_true} THEN '1' WHEN {is_false} THEN '0' ELSE {text} END",
        )

    def _call(
        self, tagged: Tagged, function: Distance | Formatted, arguments: Sequence[str]
    ) -> str:
        sides = [self._side(argument) for argument in arguments]
        if isinstance(function, Distance):
            number = self.dialect.distance([as_number(side) for side in sides])
            return self._kept(Side(number=number))
        if all(isinstance(argument, Value) for argument in function.arguments):
            return self._kept(Side(text=self._moment(tagged, function)))
        formats = [_format(tagged, argument) for argument in function.arguments]
        text = formatted(formats[0] or "", as_text(sides[1]), [f or "" for f in formats[2:]])
        return self._kept(Side(text=text))

    def _moment(self, tagged: Tagged, function: Formatted) -> str:
        condition = tagged.condition
        slots = [a.slot for a in function.arguments if isinstance(a, Value)]

        def bind(bound: Bound) -> Scalar:
            values = tuple(bound.values[condition][slot] for slot in slots)
            marks = ", ".join("?" * len(values))
            return sqlite.execute(f"SELECT strftime({marks})", values).get

        return self.parameter(bind)

    def _pattern_value(self, condition: int, slot: int) -> str:
        text = self.parameter(lambda bound: pattern(bound.values[condition][slot]))
        return self._kept(Side(text=text))

    # --- sorting ---

    def _order_terms(self, key: Ordered) -> list[str]:
        if isinstance(key.by, str):
            return [self._ordered(key)]
        terms = self._sorted_by(key.by)
        return [f"{term} DESC" for term in terms] if key.is_descending else terms

    def _sorted_by(self, operand: Operand) -> list[str]:
        """Nulls, then numbers, then texts."""
        whole = self.order_key(operand)
        side = self._side(whole)
        if not side.is_either:
            return [whole]
        rank = f"CASE WHEN {side.is_number} THEN 1 WHEN {side.text} IS NULL THEN 0 ELSE 2 END"
        number = f"CASE WHEN {side.is_number} THEN {side.number} END"
        return [rank, number, f"CASE WHEN {side.is_number} THEN NULL ELSE {side.text} END"]


def _format(tagged: Tagged, argument: Operand) -> str | None:
    """The text of a constant in a call of strftime."""
    if not isinstance(argument, Value):
        return None
    kind = tagged.kinds[argument.slot]
    return None if isinstance(kind, str) else str(kind[1])


def _is_plain(column: Column) -> bool:
    """Whether a view's column is one of a table, whose ways it has then."""
    query = parse_view_query(
        cast(Collection, getattr(column.source, "collection", None)).view_query
    )
    return any(t.name == column.field.name and "(" not in t.text for t in query.columns)


def _is_view(column: Column) -> bool:
    collection = getattr(column.source, "collection", None)
    return isinstance(collection, Collection) and collection.type == "view"
