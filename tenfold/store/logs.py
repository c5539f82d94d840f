"""The request log's own SQLite file: append, query, forget.

It is apart from the data so that a flood of log rows never waits for, nor delays, a write.
A lost log row is no lost write: this file is not synced at every commit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from tenfold.errors import TenfoldError
from tenfold.schema.collection import Catalog, Collection
from tenfold.store.select import Query, compile_count, compile_select
from tenfold.store.sqlite_connection import Budget

FILE_NAME = "auxiliary.db"
QUERY_LIMIT_S = 10.0
DELETE_AT_ONCE = 5_000

_TABLES = """
CREATE TABLE IF NOT EXISTS _logs (
    id TEXT PRIMARY KEY NOT NULL,
    level INTEGER DEFAULT 0 NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    data JSON DEFAULT '{}' NOT NULL,
    created TEXT NOT NULL,
    _rev INTEGER DEFAULT 0 NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_logs_level ON _logs (level);
CREATE INDEX IF NOT EXISTS idx_logs_created ON _logs (created);
"""


class QueryTooSlow(TenfoldError):
    """A query of the log took longer than it may."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One entry; `data` is a JSON object's text, `level` 0 info, 4 warning, 8 error."""

    id: str
    level: int
    message: str
    data: str
    created: str


class LogFile:
    """`auxiliary.db` of a data folder, shared by the worker processes. Every call blocks."""

    def __init__(self, folder: Path, logs: Collection) -> None:
        self._path = folder / FILE_NAME
        self._logs = logs
        self._catalog = Catalog((logs,))
        self._lock = threading.Lock()

    def open(self) -> None:
        self._connection = apsw.Connection(str(self._path))
        self._connection.set_busy_timeout(5_000)
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "off")
        self._connection.pragma("trusted_schema", False)
        self._connection.pragma("journal_size_limit", 16 << 20)
        self._budget = Budget(self._connection)
        self._budget.stop()
        self._connection.execute(_TABLES)

    def close(self) -> None:
        self._connection.close()

    def append(self, rows: Iterable[LogRow]) -> None:
        """Keep rows, all in one commit."""
        values = [(r.id, r.level, r.message, r.data, r.created) for r in rows]
        with self._lock, self._connection:
            self._connection.executemany(
                "INSERT INTO _logs (id, level, message, data, created) VALUES (?, ?, ?, ?, ?)",
                values,
            )

    def find(self, row_id: str) -> LogRow | None:
        rows = self._run(
            "SELECT id, level, message, data, created FROM _logs WHERE id = ?", (row_id,)
        )
        return LogRow(*rows[0]) if rows else None

    def select(self, query: Query) -> list[LogRow]:
        """The rows a query over `logs` picks. Raises: QueryTooSlow."""
        statement = compile_select(query, self._catalog)
        return [_row(self._logs, row) for row in self._run(statement.sql, statement.params)]

    def count(self, query: Query) -> int:
        """How many rows a query picks. Raises: QueryTooSlow."""
        statement = compile_count(query, self._catalog)
        return self._run(statement.sql, statement.params)[0][0]

    def per_hour(self, query: Query) -> list[tuple[str, int]]:
        """(hour, rows) of what a query picks, oldest first. Raises: QueryTooSlow."""
        statement = compile_select(query, self._catalog)
        return self._run(
            "SELECT strftime('%Y-%m-%d %H:00:00.000Z', created) AS hour, count(*)"
            f" FROM ({statement.sql}) GROUP BY hour ORDER BY hour",
            statement.params,
        )

    def clear(self) -> None:
        """Forget everything."""
        self._run("DELETE FROM _logs", ())

    def forget(self, before: str, kept_rows: int) -> None:
        """Forget rows older than a date, and the oldest beyond a number; a little at a time."""
        oldest = "SELECT rowid FROM _logs WHERE created < ? ORDER BY created LIMIT ?"
        while self._delete(oldest, (before, DELETE_AT_ONCE)):
            pass
        surplus = (
            "SELECT rowid FROM _logs WHERE rowid <= (SELECT max(rowid) FROM _logs) - ? LIMIT ?"
        )
        while self._delete(surplus, (kept_rows, DELETE_AT_ONCE)):
            pass

    def _delete(self, rowids: str, params: tuple[Any, ...]) -> bool:
        with self._lock:
            self._connection.execute(f"DELETE FROM _logs WHERE rowid IN ({rowids})", params)
            return self._connection.changes() == DELETE_AT_ONCE

    def _run(self, sql: str, params: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            self._budget.start(QUERY_LIMIT_S)
            try:
                return self._connection.execute(sql, params).fetchall()
            except apsw.InterruptError as error:
                raise QueryTooSlow from error
            finally:
                self._budget.stop()


def _row(logs: Collection, values: tuple[Any, ...]) -> LogRow:
    named = dict(zip([f.name for f in logs.fields], values, strict=False))
    return LogRow(**named)
