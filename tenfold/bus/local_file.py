"""`runtime.db`: what the workers of one box share while they run, in a file nobody misses.

Nothing in it outlives the service, so it is never synced to disk, and a file that a crash
has damaged is simply made anew.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from tenfold.errors import Unavailable

BUSY_TIMEOUT_MS = 2_000
KEPT_S = 60.0
"""How long a message stays for workers that are slow to look."""

LIFE_S = 15.0
"""How long after its last sign of life a worker counts as alive."""

TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, origin TEXT NOT NULL,
    payload BLOB NOT NULL, sent_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS workers (
    id TEXT PRIMARY KEY, pid INTEGER NOT NULL, seen_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""


@contextmanager
def as_unavailable() -> Generator[None]:
    """Translate the driver's errors."""
    try:
        yield
    except apsw.Error as error:
        raise Unavailable("The bus between the workers can't be reached.") from error


def open_runtime(folder: Path) -> apsw.Connection:
    """Open the file, made anew when it is damaged. Raises: Unavailable."""
    lock = os.open(folder / "runtime.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with as_unavailable():
            try:
                return _connect(folder / "runtime.db")
            except (apsw.CorruptError, apsw.NotADBError):
                _remove(folder)
                return _connect(folder / "runtime.db")
    finally:
        os.close(lock)


def run(connection: apsw.Connection, sql: str, params: tuple[Any, ...] = ()) -> list[Any]:
    """Run SQL and return all rows."""
    # apsw's own hints name a type that Python 3.11 lacks.
    rows: list[Any] = connection.execute(sql, params).fetchall()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return rows


def _connect(path: Path) -> apsw.Connection:
    # Made here first, so that nobody else on the box can read it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        run(connection, "PRAGMA journal_mode = wal")
        run(connection, "PRAGMA synchronous = off")
        run(connection, TABLES)
        if run(connection, "PRAGMA quick_check") != [("ok",)]:
            raise apsw.CorruptError("quick_check")
    except apsw.Error:
        connection.close()
        raise
    return connection


def _remove(folder: Path) -> None:
    for name in ("runtime.db", "runtime.db-wal", "runtime.db-shm"):
        (folder / name).unlink(missing_ok=True)


def sign_in(connection: apsw.Connection, worker_id: str) -> None:
    """Say that a worker lives, and drop what is past its time."""
    now = time.time()
    with connection:
        run(
            connection,
            "INSERT INTO workers (id, pid, seen_at) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
            (worker_id, os.getpid(), now),
        )
        for gone in _dead(connection, now):
            sign_out(connection, gone)
        run(connection, "DELETE FROM messages WHERE sent_at < ?", (now - KEPT_S,))


def sign_out(connection: apsw.Connection, worker_id: str) -> None:
    """Forget a worker and all it put."""
    run(connection, "DELETE FROM entries WHERE owner = ?", (worker_id,))
    run(connection, "DELETE FROM workers WHERE id = ?", (worker_id,))


def living(connection: apsw.Connection) -> frozenset[str]:
    """The workers that gave a sign of life lately and whose process exists."""
    oldest = time.time() - LIFE_S
    recent = run(connection, "SELECT id, pid FROM workers WHERE seen_at > ?", (oldest,))
    return frozenset(worker_id for worker_id, pid in recent if _exists(pid))


def _dead(connection: apsw.Connection, now: float) -> Iterator[str]:
    for worker_id, pid, seen_at in run(connection, "SELECT id, pid, seen_at FROM workers"):
        if seen_at < now - LIFE_S or not _exists(pid):
            yield worker_id


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
