"""Indexes of collections, as PocketBase writes them for SQLite, in MariaDB's words.

What MariaDB (or MySQL) can't index as it stands, it indexes through a hidden column: a unique
index becomes one over the SHA-256 of its columns, null for rows that its WHERE leaves out.
So long texts are unique as a whole, and partial unique indexes exist. Indexes that only make
reading faster take the beginnings of texts and all rows; on expressions there are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.schema.collection import Collection
from tenfold.schema.fields import DateField, Field
from tenfold.schema.fields.autodate import AutodateField
from tenfold.schema.fields.contract import Storage
from tenfold.schema.fields.relation import RelationField
from tenfold.schema.indexes import Index, IndexColumn
from tenfold.store.mariadb_dialect import MariadbDialect, quoted
from tenfold.store.mariadb_translation import Untranslatable, translate_condition

ID_CHARS = 255
DATE_CHARS = 32
PREFIX_CHARS = 191
KEY_CHARS = 760
"""How many characters fit in one key (3072 bytes), some left for numbers."""

_EMPTY_TEST = re.compile(r"[`\"\[]?(\w+)[`\"\]]?\s*(!=|<>|=)\s*''", re.ASCII)


class IndexRefused(Exception):
    """An index that SQLite would take can't be made here."""


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique index: the hidden column's name, its SQL, and the columns that it covers."""

    column: str
    sql: str
    columns: tuple[str, ...]


def uniques(collection: Collection, dialect: MariadbDialect) -> list[Unique]:
    """The unique indexes of a collection. Raises: IndexRefused."""
    return [
        Unique(f"_u{at}", _hash(index, collection, dialect), tuple(c.name for c in index.columns))
        for at, index in _indexes(collection)
        if index.unique
    ]


def keys(collection: Collection, dialect: MariadbDialect) -> list[str]:
    """What a CREATE TABLE says of a collection's indexes. Raises: IndexRefused."""
    # Of several that a record offends SQLite names the newest.
    hidden = uniques(collection, dialect)[::-1]
    said = [
        *(f"{u.column} BINARY(32) GENERATED ALWAYS AS ({u.sql}) STORED" for u in hidden),
        *(f"UNIQUE KEY {u.column} ({u.column})" for u in hidden),
    ]
    known: set[str] = set()
    for at, index in _indexes(collection):
        columns = _plain(index, collection)
        if columns and columns not in known:
            known.add(columns)
            said.append(f"KEY _k{at} ({columns})")
    return said


def column_type(field: Field) -> str:
    """How a field's column is declared; ids, dates and references fit whole into an index."""
    if field.name == "id":
        return f"VARCHAR({ID_CHARS}) NOT NULL"
    if isinstance(field, RelationField) and not field.is_multiple:
        return f"VARCHAR({ID_CHARS}) NOT NULL DEFAULT ''"
    if isinstance(field, DateField | AutodateField):
        return f"VARCHAR({DATE_CHARS}) NOT NULL DEFAULT ''"
    return _TYPES[field.storage]


_TYPES = {
    Storage.TEXT: "LONGTEXT NOT NULL DEFAULT ('')",
    Storage.NUMBER: "DOUBLE NOT NULL DEFAULT 0",
    Storage.BOOL: "BOOLEAN NOT NULL DEFAULT FALSE",
    Storage.LIST: "LONGTEXT NOT NULL DEFAULT ('[]')",
    Storage.JSON: "LONGTEXT",
    Storage.POINT: """LONGTEXT NOT NULL DEFAULT ('{"lon":0,"lat":0}')""",
}


def _indexes(collection: Collection) -> Iterator[tuple[int, Index]]:
    for at, text in enumerate(collection.indexes):
        if index := Index.parse(text):
            yield at, index


def _hash(index: Index, collection: Collection, dialect: MariadbDialect) -> str:
    parts = [f"SHA2({_hashed(c, collection, dialect)}, 256)" for c in index.columns]
    whole = parts[0] if len(parts) == 1 else f"SHA2(CONCAT({', '.join(parts)}), 256)"
    if not index.where:
        return f"UNHEX({whole})"
    return f"CASE WHEN {_condition(index, collection)} THEN UNHEX({whole}) END"


def _hashed(column: IndexColumn, collection: Collection, dialect: MariadbDialect) -> str:
    field = _field(collection, column)
    if field is None:
        return f"CAST({_translated(column.name, collection)} AS CHAR)"
    name = quoted(field.name)
    if field.storage in (Storage.NUMBER, Storage.BOOL):
        # Minus nought is nought.
        return f"CAST({name} + 0e0 AS CHAR)"
    return dialect.lower(name) if column.collate.upper() == "NOCASE" else name


def _condition(index: Index, collection: Collection) -> str:
    simple = _EMPTY_TEST.fullmatch(index.where.strip())
    if simple is None:
        return _translated(index.where, collection)
    field = _field(collection, IndexColumn(simple[1]))
    assert field is not None
    return f"{quoted(field.name)} {'=' if simple[2] == '=' else '<>'} ''"


def _translated(text: str, collection: Collection) -> str:
    try:
        return translate_condition(text, collection)
    except Untranslatable as error:
        raise IndexRefused(str(error)) from error


def _field(collection: Collection, column: IndexColumn) -> Field | None:
    """The field of a plain column; None for an expression."""
    if "(" in column.name or " " in column.name:
        return None
    for field in collection.fields:
        if field.name.lower() == column.name.lower():
            return field
    raise IndexRefused(f"no such column: {column.name}")


def _plain(index: Index, collection: Collection) -> str:
    """The columns of a key that only makes reading faster; "" where there can't be one."""
    fields = [_field(collection, column) for column in index.columns]
    if None in fields or len(fields) > 16 or [f.name for f in fields if f] == ["id"]:
        return ""
    texts = sum(1 for f in fields if f and f.storage not in (Storage.NUMBER, Storage.BOOL))
    chars = min(PREFIX_CHARS, KEY_CHARS // max(texts, 1))
    return ", ".join(_key_part(f, chars, alone=texts <= 2) for f in fields if f)


def _key_part(field: Field, chars: int, *, alone: bool) -> str:
    name = quoted(field.name)
    if field.storage in (Storage.NUMBER, Storage.BOOL):
        return name
    is_short = column_type(field).startswith("VARCHAR") and alone
    return name if is_short else f"{name}({min(chars, _longest(field))})"


def _longest(field: Field) -> int:
    return DATE_CHARS if isinstance(field, DateField | AutodateField) else PREFIX_CHARS
