"""A consistent copy of the database while everybody goes on reading and writing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import apsw

from tenfold.errors import OperatorError
from tenfold.store.sqlite_connection import BUSY_TIMEOUT_MS

FILE_NAME = "data.db"
PARTS = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm")
"""What a database is on disk; a copy is the first one only."""

PAGES_PER_STEP = 2_000

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done; may raise to end the work."""


def _unheard(done: int, total: int) -> None:
    del done, total


def take_snapshot(folder: Path, target: Path, progress: Progress = _unheard) -> None:
    """Copy the database of a data folder to a new file, as of one moment, durably.

    Blocks: call it in a thread. Writers go on meanwhile; their pages stay in the write-ahead
    log until the copy is done. Raises: OperatorError when there is no database.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise OperatorError(f"There is no data in {folder}.")
    source = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    copy = apsw.Connection(str(target))
    try:
        source.set_busy_timeout(BUSY_TIMEOUT_MS)
        # The read transaction pins the moment: without it, each commit would begin the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        page_bytes: int = source.pragma("page_size")
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(PAGES_PER_STEP)
                done = backup.page_count - backup.remaining
                progress(done * page_bytes, backup.page_count * page_bytes)
        source.execute("COMMIT")
    finally:
        copy.close()
        source.close()
    _sync(target)


def check_snapshot(path: Path) -> None:
    """Raises: OperatorError when a copy is no sound SQLite database. Blocks."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        finally:
            connection.close()
    except apsw.Error as error:
        raise OperatorError(f"The database is broken: {error}.") from error
    if faults != ["ok"]:
        raise OperatorError(f"The database is broken: {faults[0]}.")


def _sync(path: Path) -> None:
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
