"""What a query of the console did to records, told to the change log."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, cast

import apsw
import msgspec

from tenfold.errors import TenfoldError
from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Storage
from tenfold.store.sqlite_connection import rows
from tenfold.store.sqlite_transaction import SqliteTransaction
from tenfold.store.statements import Statements, quoted

ROWS_AT_MOST = 50_000

_HOOK = "tenfold console"


class UnfitRow(TenfoldError):
    """A query wrote, or was about to write, what a record can't be."""


class RowChanges:
    """The rows that statements touch while `noted`, and their entries in the change log."""

    def __init__(self, tx: SqliteTransaction, collections: Iterable[Collection]) -> None:
        self._tx = tx
        self._tables = {c.name: _Table(tx.connection, c) for c in collections}
        self._before: dict[tuple[str, int], tuple[Any, ...] | None] = {}
        self._is_too_many = False

    @contextmanager
    def noted(self) -> Generator[None]:
        """Note every row of a collection before it changes. Raises: UnfitRow (too many)."""
        connection = self._tx.connection
        connection.preupdate_hook(self._note, id=_HOOK)
        try:
            yield
        finally:
            connection.preupdate_hook(None, id=_HOOK)
            if self._is_too_many:
                raise UnfitRow(f"more than {ROWS_AT_MOST} records change: do it in parts")

    def _note(self, update: Any) -> None:
        # Only names that are collections': SQLite's own tables change here too.
        table = self._tables.get(update.table_name)
        if table is None or self._is_too_many:
            return
        is_insert = update.op == "INSERT"
        self._before.setdefault(
            (update.table_name, update.rowid), None if is_insert else update.old
        )
        if update.rowid_new != update.rowid:
            self._before.setdefault((update.table_name, update.rowid_new), None)
        if len(self._before) > ROWS_AT_MOST:
            self._is_too_many = True
            self._tx.connection.interrupt()

    def log(self) -> None:
        """Check the rows as they are now, give them revisions and log them. Raises: UnfitRow."""
        for (name, rowid), before in self._before.items():
            table = self._tables[name]
            old = table.before(before) if before else None
            new = table.now(rowid)
            if old and (new is None or new["id"] != old["id"]):
                self._tx.log(table.id, old["id"], "delete", table.image(old))
                old = None
            if new is not None:
                action = "update" if old else "create"
                seq = self._tx.log(table.id, new["id"], action, table.image(new))
                table.mark(rowid, seq)


class _Table:
    """A collection's table: its rows as records' values."""

    def __init__(self, connection: apsw.Connection, collection: Collection) -> None:
        self._connection = connection
        self._collection = collection
        self._statements = Statements.of(collection)
        self._name = quoted(collection.name)
        self._columns = [
            name
            for (name,) in rows(
                connection,
                "SELECT name FROM pragma_table_info(?) ORDER BY cid",
                (collection.name,),
            )
        ]

    @property
    def id(self) -> str:
        return self._collection.id

    def before(self, row: tuple[Any, ...]) -> dict[str, Any]:
        """The record's values of a row in the order of the table's columns."""
        named = dict(zip(self._columns, row, strict=True))
        return self._values([named[c] for c in self._statements.columns])

    def now(self, rowid: int) -> dict[str, Any] | None:
        """The record's values of a row as stored; None when it is gone. Raises: UnfitRow."""
        sql = f"{self._statements.select} WHERE rowid = ?"
        found = rows(self._connection, sql, (rowid,))
        if not found:
            return None
        row = found[0]
        for field, value in zip(self._collection.fields, row, strict=False):
            if not _FITS[field.storage](value) or (field.name == "id" and not value):
                raise UnfitRow(
                    f"{self._collection.name}.{field.name} can't hold {str(value)[:100]!r}"
                )
        return self._values(row)

    def image(self, values: dict[str, Any]) -> str:
        return self._statements.image(values)

    def mark(self, rowid: int, revision: int) -> None:
        """Note the position of its last change in a row."""
        sql = f"UPDATE {self._name} SET _rev = ? WHERE rowid = ?"
        rows(self._connection, sql, (revision, rowid))

    def _values(self, row: Iterable[Any]) -> dict[str, Any]:
        return self._statements.record((*row, 0)).values


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _is_bool(value: Any) -> bool:
    return value in (0, 1)


def _parsed(value: Any) -> object:
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else None
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_list(value: Any) -> bool:
    found = _parsed(value)
    return isinstance(found, list) and all(
        isinstance(item, str) for item in cast("list[object]", found)
    )


def _is_json(value: Any) -> bool:
    return value is None or value == "null" or _is_number(value) or _parsed(value) is not None


def _is_point(value: Any) -> bool:
    found = _parsed(value)
    if not isinstance(found, dict):
        return False
    point = cast("dict[str, object]", found)
    return set(point) == {"lon", "lat"} and all(_is_number(part) for part in point.values())


_FITS = {
    Storage.TEXT: _is_text,
    Storage.NUMBER: _is_number,
    Storage.BOOL: _is_bool,
    Storage.LIST: _is_list,
    Storage.JSON: _is_json,
    Storage.POINT: _is_point,
}
