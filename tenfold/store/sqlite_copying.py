"""Rows with their numbers in a SQLite store; see `copying`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from tenfold.schema.collection import Collection
from tenfold.store.copying import JOB_COLUMNS, CopyStatements, JobRows, Row, read_within
from tenfold.store.sqlite_connection import not_unique
from tenfold.store.sqlite_reads import IDS_PER_STATEMENT, SqliteReads
from tenfold.store.statements import Statements, quoted

JOBS = ", ".join(JOB_COLUMNS)
INSERT_JOB = f"INSERT INTO _jobs ({JOBS}) VALUES ({', '.join('?' * len(JOB_COLUMNS))})"
INSERT_SLOT = "INSERT INTO _cron_runs (cron_id, minute) VALUES (?, ?)"


class SqliteCopyReads(SqliteReads):
    """See `CopyStore`."""

    async def rows_after(self, collection: Collection, number: int, limit: int) -> list[Row]:
        if collection.type == "view":
            return []
        copied = _copied(collection)

        async def read(after: int, count: int) -> list[Any]:
            return await self._rows(copied.after, (after, count))

        return [copied.row(found) for found in await read_within(read, number, limit)]

    async def rows_between(self, collection: Collection, low: int, high: int) -> list[Row]:
        if collection.type == "view":
            return []
        copied = _copied(collection)
        return [copied.row(found) for found in await self._rows(copied.between, (low, high))]

    async def rows_of(self, collection: Collection, ids: Sequence[str]) -> list[Row]:
        if collection.type == "view":
            return []
        copied = _copied(collection)
        rows: list[Row] = []
        for start in range(0, len(ids), IDS_PER_STATEMENT):
            some = tuple(ids[start : start + IDS_PER_STATEMENT])
            sql = f"{copied.select} WHERE id IN ({', '.join('?' * len(some))})"
            rows += [copied.row(found) for found in await self._rows(sql, some)]
        return sorted(rows, key=lambda row: row[0])

    async def count_rows(self, collection: Collection) -> int:
        if collection.type == "view":
            return 0
        return (await self._rows(f"SELECT count(*) FROM {quoted(collection.name)}", ()))[0][0]

    async def params(self) -> dict[str, str]:
        rows = await self._rows("SELECT id, value FROM _params ORDER BY id", ())
        # A column declared as JSON turns the text of a number into that number.
        return {k: v if isinstance(v, str) else msgspec.json.encode(v).decode() for k, v in rows}

    async def jobs_rows(self) -> JobRows:
        return JobRows(
            await self._rows(f"SELECT {JOBS} FROM _jobs ORDER BY id", ()),
            await self._rows("SELECT cron_id, minute FROM _cron_runs ORDER BY 1, 2", ()),
        )


class SqliteCopyWrites(ABC):
    """See `CopyTransaction`: the part that changes records and jobs."""

    @property
    @abstractmethod
    def connection(self) -> apsw.Connection:
        """The connection that writes, all that it does from now on part of the transaction."""
        ...

    async def put_rows(self, collection: Collection, rows: Sequence[Row]) -> None:
        copied = _copied(collection)
        bound = [copied.bind(row) for row in rows]
        marks = ", ".join("?" * (len(collection.fields) + 2))
        try:
            self.connection.executemany(f"{copied.insert} ({marks})", bound)
        except apsw.ConstraintError as error:
            raise not_unique(error) from error

    async def drop_rows(self, collection: Collection, ids: Sequence[str]) -> None:
        self.connection.executemany(Statements.of(collection).delete, [(id_,) for id_ in ids])

    async def empty(self, collection: Collection) -> None:
        self.connection.execute(Statements.of(collection).truncate)

    async def replace_jobs(self, rows: JobRows) -> None:
        connection = self.connection
        connection.execute("DELETE FROM _jobs")
        connection.execute("DELETE FROM _cron_runs")
        connection.executemany(INSERT_JOB, rows.jobs)
        connection.executemany(INSERT_SLOT, rows.slots)


def _copied(collection: Collection) -> CopyStatements:
    table = quoted(collection.name)
    return CopyStatements.of(Statements.of(collection), table, "_rowid_", quoted)
