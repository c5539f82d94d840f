"""Bring a SQLite file to the tables that this version of Tenfold needs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import apsw

from tenfold.errors import OperatorError
from tenfold.store.sqlite_lock import WriteTurn


def migrate(connection: apsw.Connection, folder: Path) -> list[str]:
    """Apply the migrations that are missing, in order; return their names.

    Safe to call from several processes at once: the first one does the work.
    Raises: OperatorError when a newer Tenfold has written the file.
    """
    turn = WriteTurn(folder)
    turn.acquire()
    try:
        return _migrate(connection)
    finally:
        turn.close()


def _migrate(connection: apsw.Connection) -> list[str]:
    scripts = sorted(
        (entry.name, entry.read_text())
        for entry in files("tenfold.store").joinpath("sql/sqlite").iterdir()
        if entry.name.endswith(".sql")
    )
    version: int = connection.pragma("user_version")
    if version > len(scripts):
        raise OperatorError(
            f"The data was written by a newer Tenfold (schema {version}, this one knows"
            f" {len(scripts)}).",
            hint="Update Tenfold, or restore a backup made before the update.",
        )
    missing = scripts[version:]
    if missing:
        with connection:
            for _, script in missing:
                connection.execute(script)
            connection.pragma("user_version", len(scripts))
    return [name for name, _ in missing]
