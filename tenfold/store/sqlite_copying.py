"""Rows with their numbers in a SQLite store; see `copying`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import apsw
import msgspec

from tenfold.schema.collection import Collection
from tenfold.store.copying import JOB_COLUMNS, JOBS, CopyReads, CopyStatements, JobRows, Row
from tenfold.store.sqlite_connection import not_unique
from tenfold.store.sqlite_reads import SqliteReads
from tenfold.store.statements import Statements, quoted

INSERT_JOB = f"INSERT INTO _jobs ({JOBS}) VALUES ({', '.join('?' * len(JOB_COLUMNS))})"
INSERT_SLOT = "INSERT INTO _cron_runs (cron_id, minute) VALUES (?, ?)"


class SqliteCopyReads(SqliteReads, CopyReads):
    """See `CopyStore`."""

    def _copied(self, collection: Collection) -> CopyStatements:
        return _copied(collection)

    async def params(self) -> dict[str, str]:
        rows = await self._rows("SELECT id, value FROM _params ORDER BY id", ())
        # A column declared as JSON turns the text of a number into that number.
        return {k: v if isinstance(v, str) else msgspec.json.encode(v).decode() for k, v in rows}


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
