"""A collection's single-record SQL in MariaDB, and how values lie in its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Storage
from tenfold.store.mariadb_dialect import quoted
from tenfold.store.mariadb_sides import number_of, sqlite
from tenfold.store.statements import Statements

_encode = msgspec.json.Encoder().encode
_EXACT = 2**63
_DIGITS = frozenset(b"-0123456789")

EMPTY: dict[Storage, Any] = {
    Storage.TEXT: "",
    Storage.NUMBER: 0.0,
    Storage.BOOL: 0,
    Storage.LIST: "[]",
    Storage.JSON: None,
    Storage.POINT: '{"lon":0,"lat":0}',
}
"""What a new column holds for the records that are there already."""


def statements(collection: Collection, table: str) -> Statements:
    """The SQL for a collection whose records `table` holds (a name, or a view's query)."""
    common = Statements.of(collection)
    names = ", ".join(map(quoted, common.columns))
    is_view = collection.type == "view"
    source = f"{table} AS t0" if is_view else table
    select = f"SELECT {names}, {'0' if is_view else '_rev'} FROM {source}"
    marks = ", ".join("?" * (len(common.columns) + 1))
    assignments = ", ".join(f"{quoted(c)} = ?" for c in common.columns)
    numbers = [f.name for f in collection.fields if f.storage is Storage.NUMBER and not is_view]
    return replace(
        common,
        encoders=tuple(
            _ENCODERS.get(field.storage, encoder)
            for field, encoder in zip(collection.fields, common.encoders, strict=True)
        ),
        decoders=(*common.decoders, *((name, number_as_stored) for name in numbers)),
        find=f"{select} WHERE id = ?",
        select=select,
        insert=f"INSERT INTO {table} ({names}, _rev) VALUES ({marks})",
        update=f"UPDATE {table} SET {assignments}, _rev = ? WHERE id = ? AND _rev = ?",
        delete=f"DELETE FROM {table} WHERE id = ?",
        truncate=f"DELETE FROM {table}",
    )


def number_as_stored(number: float | int) -> float | int:
    """A double as SQLite gives it back: whole ones are integers."""
    if isinstance(number, float) and number.is_integer() and abs(number) < _EXACT:
        return int(number)
    return number


def _json_as_stored(value: msgspec.Raw) -> str:
    """JSON text as it came; a bare number as a JSON column of SQLite spells it."""
    raw = bytes(value)
    if raw[:1] and raw[0] in _DIGITS:
        return _encode(sqlite.execute("SELECT CAST(? AS NUMERIC)", (raw.decode(),)).get).decode()
    return raw.decode()


_ENCODERS: dict[Storage, Callable[[Any], Any]] = {
    Storage.NUMBER: number_of,
    Storage.BOOL: int,
    Storage.JSON: _json_as_stored,
}
