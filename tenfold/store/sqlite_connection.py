"""Open SQLite connections the one way Tenfold uses them."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from tenfold.errors import OperatorError
from tenfold.store.contract import NotUnique

BUSY_TIMEOUT_MS = 10_000
BEGIN = "BEGIN IMMEDIATE"
CACHE_KIB = 64 * 1024
MMAP_BYTES = 1 << 30
STATEMENT_CACHE = 512
BUDGET_CHECK_STEPS = 4_000
"""How many SQLite opcodes run between two looks at the clock."""

_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")


@contextmanager
def opening(path: Path) -> Generator[None]:
    """Tell the operator when a file is no database, or may not be written.

    Raises: OperatorError.
    """
    try:
        yield
    except apsw.Error as error:
        raise OperatorError(
            f"Can't open {path}: {error}.",
            hint="Is it Tenfold's, and may this user write it? A backup can take its place.",
        ) from error


def open_writer(path: Path) -> apsw.Connection:
    """Open the connection that writes: WAL, and every commit on disk before it returns (C1)."""
    connection = apsw.Connection(str(path), statementcachesize=STATEMENT_CACHE)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    # A bigger log means fewer checkpoints between the group commits; it is bounded by restarts.
    connection.pragma("wal_autocheckpoint", 4_000)
    connection.pragma("journal_size_limit", 64 * 1024 * 1024)
    _tune(connection)
    return connection


def try_begin(connection: apsw.Connection) -> bool:
    """Begin a write transaction, or say at once that another writer has the file."""
    connection.set_busy_timeout(0)
    try:
        connection.execute(BEGIN)
    except apsw.BusyError:
        return False
    finally:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return True


def open_reader(path: Path) -> apsw.Connection:
    """Open a connection that cannot write."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOMUTEX
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENT_CACHE)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("query_only", True)
    _tune(connection)
    return connection


def _tune(connection: apsw.Connection) -> None:
    connection.pragma("foreign_keys", False)
    connection.pragma("temp_store", "memory")
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("mmap_size", MMAP_BYTES)
    connection.pragma("trusted_schema", False)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    # Indexes of PocketBase may have text in double quotes.
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)


class Budget:
    """Interrupts the statements of one connection once a deadline has passed.

    Point reads and indexed lists finish within it; what does not is run again elsewhere.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._deadline = 0.0
        connection.set_progress_handler(self._is_over, BUDGET_CHECK_STEPS)

    def start(self, seconds: float) -> None:
        """Allow `seconds` from now on."""
        self._deadline = time.perf_counter() + seconds

    def stop(self) -> None:
        """Allow any time."""
        self._deadline = float("inf")

    def _is_over(self) -> bool:
        return time.perf_counter() > self._deadline


def is_outdated(error: apsw.SQLError) -> bool:
    """Whether a statement names what another process has just renamed or removed."""
    return str(error).startswith(("no such column", "no such table")) or (
        "has no column named" in str(error)
    )


def not_unique(error: apsw.ConstraintError) -> Exception:
    """What a constraint's error means: NotUnique, where it was a unique index."""
    found = _UNIQUE.search(str(error))
    if found is None:
        return error
    return NotUnique(tuple(name.rpartition(".")[2] for name in found[1].split(", ")))


def rows(connection: apsw.Connection, sql: str, params: tuple[Any, ...] = ()) -> list[Any]:
    """Run a statement and return its rows as tuples."""
    return connection.execute(sql, params).fetchall()
