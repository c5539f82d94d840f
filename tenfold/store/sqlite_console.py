"""SQL typed by a superuser: bounded, and never past the change log.

What only reads runs on a connection of its own that can't write. Everything else runs in the
store's transaction, in a thread: SQLite tells of each row before it changes, and afterwards
every changed record gets its revision and its entry in the change log, as if written by us.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw

from tenfold.store import sqlite_connection
from tenfold.store.console import Column, Outcome, QueryRefused
from tenfold.store.contract import Transaction
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_connection import Budget
from tenfold.store.sqlite_console_changes import RowChanges, UnfitRow
from tenfold.store.sqlite_tables import explain
from tenfold.store.sqlite_transaction import SqliteTransaction

ROW_LIMIT = 1_000
RESULT_BYTES = 16 << 20
VALUE_BYTES = 64 << 20
QUERY_CHARS = 200_000
READ_LIMIT_S = 10.0
WRITE_LIMIT_S = 5.0
AT_ONCE = 2
MAX_PLAIN_POWER = 6

_PRAGMAS = frozenset(
    """collation_list compile_options data_version encoding foreign_keys freelist_count
    function_list journal_mode page_count page_size table_list user_version""".split()
)
_PRAGMAS_OF_A_TABLE = frozenset(
    "foreign_key_list index_info index_list index_xinfo table_info table_list table_xinfo".split()
)
_READING = frozenset(
    (apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE)
)
_CHANGING = frozenset((apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE))
_GROUPING = frozenset((apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT))


class SqliteConsole:
    """Runs queries against the data of a store."""

    def __init__(self, store: SqliteStore, folder: Path) -> None:
        self._store = store
        self._path = folder / "data.db"
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def run(self, query: str) -> Outcome:
        """Run statements; the rows are those of the last one that gives any.

        All of it happens or nothing. Raises: QueryRefused, Unavailable.
        """
        if not query.strip():
            raise QueryRefused("empty query.")
        if len(query) > QUERY_CHARS:
            raise QueryRefused(f"the query has more than {QUERY_CHARS} characters.")
        async with self._turns:
            try:
                return await asyncio.to_thread(self._read, query)
            except apsw.ReadOnlyError:
                return await self._store.write(lambda tx: _write(tx, query), is_alone=True)

    def _read(self, query: str) -> Outcome:
        connection = sqlite_connection.open_reader(self._path)
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, VALUE_BYTES)
        gate = _Gate(frozenset())
        try:
            with _guarded(connection, gate, READ_LIMIT_S):
                return _fetch(connection, query)
        finally:
            connection.close()


async def _write(tx: Transaction, query: str) -> Outcome:
    assert isinstance(tx, SqliteTransaction)
    collections = [c for c in tx.catalog.collections if c.type != "view"]
    gate = _Gate(frozenset(c.name for c in collections))

    def work() -> Outcome:
        changes = RowChanges(tx, collections)
        with _guarded(tx.connection, gate, WRITE_LIMIT_S), changes.noted():
            affected = _execute(tx.connection, query)
        changes.log()
        return Outcome(affected=affected)

    try:
        return await asyncio.to_thread(work)
    except UnfitRow as error:
        raise QueryRefused(f"{error}.") from error


class _Gate:
    """SQLite asks it about every action before a statement runs."""

    def __init__(self, writable: frozenset[str]) -> None:
        self._writable = writable
        self.refusal = ""

    def __call__(self, action: int, first: str | None, second: str | None, *rest: Any) -> int:
        self.refusal = self._refusal(action, first or "", second) or self.refusal
        return apsw.SQLITE_DENY if self.refusal else apsw.SQLITE_OK

    def _refusal(self, action: int, first: str, second: str | None) -> str:
        if action in _READING:
            return ""
        if action in _CHANGING:
            is_own = not self._writable or first in self._writable
            return "" if is_own else f"the table {first} can't be written with SQL"
        if action == apsw.SQLITE_PRAGMA:
            shown = _PRAGMAS_OF_A_TABLE if second else _PRAGMAS
            return "" if first.lower() in shown else f"pragma {first} can't be set or is not shown"
        if action in _GROUPING:
            return "a query is one transaction already: leave out BEGIN, COMMIT and the like"
        return "tables, indexes and views are changed through collections"


@contextmanager
def _guarded(connection: apsw.Connection, gate: _Gate, limit_s: float) -> Generator[None]:
    """Watch and limit what runs, and say what is wrong in PocketBase's words."""
    budget = Budget(connection)
    budget.start(limit_s)
    connection.authorizer = gate
    try:
        yield
    except apsw.ReadOnlyError:
        raise
    except (apsw.InterruptError, apsw.FullError, apsw.IOError) as error:
        if isinstance(error, apsw.InterruptError):
            raise QueryRefused(f"the query took longer than {limit_s:g} s.") from error
        raise
    except apsw.Error as error:
        raise QueryRefused(f"{gate.refusal or explain(error)}.") from error
    finally:
        connection.authorizer = None
        connection.set_progress_handler(None)


class _Reading:
    """Collects what the statements of a query give; the last one that gives rows counts."""

    def __init__(self, query: str) -> None:
        self._left = query
        self._bytes = 0
        self.outcome = Outcome()

    def begin(self, cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        """SQLite is about to run a statement."""
        self._left = self._left[len(sql) :]
        columns = [Column(name, (type_ or "").upper()) for name, type_ in cursor.get_description()]
        if columns:
            self.outcome.columns, self.outcome.rows = columns, []
        return True

    def take(self, row: tuple[Any, ...]) -> bool:
        """Keep a row; False when nothing more can matter."""
        if len(self.outcome.rows) >= ROW_LIMIT:
            return bool(self._left.strip(" \t\r\n;"))
        shown = [text_of(value) for value in row]
        self._bytes += sum(len(text) for text in shown if text)
        if self._bytes > RESULT_BYTES:
            raise QueryRefused(f"the result is larger than {RESULT_BYTES >> 20} MiB.")
        self.outcome.rows.append(shown)
        return True


def _fetch(connection: apsw.Connection, query: str) -> Outcome:
    reading = _Reading(query)
    cursor: Any = connection.cursor()
    cursor.exec_trace = reading.begin
    for row in cursor.execute(query):
        if not reading.take(row):
            break
    cursor.close(True)
    return reading.outcome


def _execute(connection: apsw.Connection, query: str) -> int:
    before = connection.total_changes()
    statements: Any = connection
    for _ in statements.execute(query):
        pass
    return connection.total_changes() - before


def text_of(value: Any) -> str | None:
    """A value as PocketBase's console shows it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return _number_text(value)
    return None if value is None else str(value)


def _number_text(value: float) -> str:
    """As short as it reads back the same; with an exponent from a million on, as Go does."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    exact = Decimal(repr(value)).normalize()
    power = exact.adjusted() if value else 0
    if -4 <= power < MAX_PLAIN_POWER:
        return f"{exact:f}"
    digits = "".join(map(str, exact.as_tuple().digits))
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02}"
