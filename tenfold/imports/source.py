"""A PocketBase data folder, read and never written.

SQLite can't read a database with a non-empty write-ahead log without writing beside it, so
then a copy is read. A folder that changes while it is read is refused.
"""

# apsw's stubs name a type that Python 3.11 lacks, so its methods are partly unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import msgspec

from tenfold.errors import OperatorError

FILE_NAME = "data.db"
STOP_FIRST = "stop PocketBase first, or import a copy or an unpacked backup of the folder"

Fingerprint = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An uploaded file; `key` is collectionId/recordId/name."""

    key: str
    path: Path
    size_bytes: int


class PocketBaseFolder:
    """An open data folder. `scratch` is where a copy of the database may go."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self._database = folder / FILE_NAME
        if not self._database.is_file():
            raise OperatorError(
                f"{folder} is no PocketBase data folder: it has no {FILE_NAME}",
                hint="name the pb_data folder itself",
            )
        self._fingerprint = self._look()
        self._connection = self._open(scratch)
        self._columns = {
            c for (c,) in self._all("SELECT name FROM pragma_table_info(?)", "_collections")
        }
        if not self._columns & {"fields", "schema"}:
            self.close()
            raise OperatorError(f"{self._database} is no PocketBase database")

    @property
    def is_legacy(self) -> bool:
        """Whether PocketBase before 0.23 wrote it."""
        return "fields" not in self._columns

    @property
    def size_bytes(self) -> int:
        """Of the database alone."""
        return self._database.stat().st_size

    def close(self) -> None:
        self._connection.close()

    def check_unchanged(self) -> None:
        """Raises: OperatorError when somebody wrote to the database since it was opened."""
        if self._look() != self._fingerprint:
            raise OperatorError(f"{self.folder} was changed while it was read", hint=STOP_FIRST)

    def _look(self) -> Fingerprint:
        return (_stamp(self._database), _stamp(self._log))

    @property
    def _log(self) -> Path:
        return self._database.with_name(FILE_NAME + "-wal")

    def _open(self, scratch: Path) -> apsw.Connection:
        path = self._database
        if self._log.exists() and self._log.stat().st_size > 0:
            path = scratch / FILE_NAME
            shutil.copyfile(self._database, path)
            shutil.copyfile(self._log, scratch / self._log.name)
            self.check_unchanged()
            connection = apsw.Connection(str(path))
        else:
            connection = apsw.Connection(
                f"file:{quote(str(path.absolute()))}?immutable=1",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            )
        connection.pragma("trusted_schema", False)
        self._check(connection)
        return connection

    def _check(self, connection: apsw.Connection) -> None:
        try:
            verdict = connection.pragma("quick_check")
        except apsw.Error as error:
            raise OperatorError(f"{self._database} can't be read: {error}") from error
        if verdict != "ok":
            raise OperatorError(
                f"{self._database} is damaged: {verdict}",
                hint="restore a backup with PocketBase and import that",
            )

    def _all(self, sql: str, *params: Any) -> list[Any]:
        rows: list[Any] = self._connection.execute(sql, params).fetchall()
        return rows

    def collections(self) -> list[dict[str, Any]]:
        """The rows of `_collections`, JSON columns decoded."""
        columns = sorted(self._columns)
        names = ", ".join(map(_quoted, columns))
        rows = self._all(f"SELECT {names} FROM _collections ORDER BY rowid")
        return [_decoded(dict(zip(columns, row, strict=True))) for row in rows]

    def settings_text(self) -> str | None:
        """The stored settings: JSON, or encrypted."""
        key = "key" if self.is_legacy else "id"
        rows = self._all(f"SELECT CAST(value AS TEXT) FROM _params WHERE {key} = 'settings'")
        return rows[0][0] if rows else None

    def count(self, table: str) -> int:
        return self._all(f"SELECT count(*) FROM {_quoted(table)}")[0][0]

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Every row of a table by column name, in the order they were made."""
        names = [
            name
            for (name,) in self._all("SELECT name FROM pragma_table_info(?) ORDER BY cid", table)
        ]
        columns = ", ".join(map(_quoted, names))
        rows: Iterator[tuple[Any, ...]] = self._connection.execute(
            f"SELECT {columns} FROM {_quoted(table)} ORDER BY rowid"
        )
        for row in rows:
            yield dict(zip(names, row, strict=True))

    def files(self) -> Iterator[SourceFile]:
        """Every uploaded file on disk; thumbs (made again on demand) are left out."""
        storage = self.folder / "storage"
        if not storage.is_dir():
            return
        for collection in _folders(storage):
            for record in _folders(Path(collection.path)):
                for entry in _entries(Path(record.path)):
                    if entry.is_file(follow_symlinks=False) and not entry.name.endswith(".attrs"):
                        key = f"{collection.name}/{record.name}/{entry.name}"
                        size = entry.stat(follow_symlinks=False).st_size
                        yield SourceFile(key, Path(entry.path), size)

    def has_file(self, key: str) -> bool:
        return (self.folder / "storage" / key).is_file()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_size, found.st_mtime_ns)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _folders(folder: Path) -> list[os.DirEntry[str]]:
    return [e for e in _entries(folder) if e.is_dir(follow_symlinks=False)]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _decoded(row: Mapping[str, Any]) -> dict[str, Any]:
    decoded = dict(row)
    for key in ("fields", "schema", "indexes", "options"):
        text = decoded.get(key)
        if isinstance(text, (str, bytes)):
            decoded[key] = msgspec.json.decode(text or "null")
    return decoded
