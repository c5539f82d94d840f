"""Rows with their numbers in a MariaDB store; see `copying`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from tenfold.schema.collection import Collection
from tenfold.store.contract import NotUnique
from tenfold.store.copying import JOB_COLUMNS, CopyStatements, JobRows, Row, read_within
from tenfold.store.mariadb_batches import insert_many
from tenfold.store.mariadb_catalog import MariadbCatalog
from tenfold.store.mariadb_connection import NOT_UNIQUE, ServerError
from tenfold.store.mariadb_dialect import quoted
from tenfold.store.mariadb_reads import MariadbReads

IDS_AT_ONCE = 512
DELETED_AT_ONCE = 5_000
"""Few enough for the time that one statement has."""

JOBS = ", ".join(map(quoted, JOB_COLUMNS))


class MariadbCopyReads(MariadbReads):
    """See `CopyStore`."""

    async def rows_after(self, collection: Collection, number: int, limit: int) -> list[Row]:
        if collection.type == "view":
            return []
        copied = _copied(self.described, collection)

        async def read(after: int, count: int) -> list[Any]:
            return await self._rows(copied.after, (after, count))

        return [copied.row(found) for found in await read_within(read, number, limit)]

    async def rows_between(self, collection: Collection, low: int, high: int) -> list[Row]:
        if collection.type == "view":
            return []
        copied = _copied(self.described, collection)
        return [copied.row(found) for found in await self._rows(copied.between, (low, high))]

    async def rows_of(self, collection: Collection, ids: Sequence[str]) -> list[Row]:
        if collection.type == "view":
            return []
        copied = _copied(self.described, collection)
        rows: list[Row] = []
        for marks, some in _in_parts(ids):
            found = await self._rows(f"{copied.select} WHERE id IN ({marks})", some)
            rows += [copied.row(one) for one in found]
        return sorted(rows, key=lambda row: row[0])

    async def count_rows(self, collection: Collection) -> int:
        if collection.type == "view":
            return 0
        source = self.described.source(collection)
        return (await self._rows(f"SELECT COUNT(*) FROM {source}", ()))[0][0]

    async def params(self) -> dict[str, str]:
        return dict(await self._rows("SELECT id, value FROM _params ORDER BY id", ()))

    async def jobs_rows(self) -> JobRows:
        return JobRows(
            await self._rows(f"SELECT {JOBS} FROM _jobs ORDER BY id", ()),
            await self._rows("SELECT cron_id, minute FROM _cron_runs ORDER BY 1, 2", ()),
        )


class MariadbCopyWrites(ABC):
    """See `CopyTransaction`: the part that changes records and jobs."""

    @property
    @abstractmethod
    def described(self) -> MariadbCatalog: ...

    @abstractmethod
    async def run(self, sql: str, params: Sequence[Any] = ()) -> list[Any]: ...

    @abstractmethod
    async def affected(self, sql: str, params: Sequence[Any] = ()) -> int: ...

    @abstractmethod
    def unique_columns(self, collection: Collection, message: str) -> tuple[str, ...]:
        """The columns of the unique key that an error names."""
        ...

    async def put_rows(self, collection: Collection, rows: Sequence[Row]) -> None:
        copied = _copied(self.described, collection)
        try:
            await insert_many(self.run, copied.insert, [copied.bind(row) for row in rows])
        except ServerError as error:
            if error.code != NOT_UNIQUE:
                raise
            raise NotUnique(self.unique_columns(collection, error.message)) from error

    async def drop_rows(self, collection: Collection, ids: Sequence[str]) -> None:
        source = self.described.source(collection)
        for marks, some in _in_parts(ids):
            await self.run(f"DELETE FROM {source} WHERE id IN ({marks})", some)

    async def replace_jobs(self, rows: JobRows) -> None:
        for table in ("_jobs", "_cron_runs"):
            while await self.affected(f"DELETE FROM {table} LIMIT {DELETED_AT_ONCE}"):
                continue
        await insert_many(self.run, f"INSERT INTO _jobs ({JOBS}) VALUES", rows.jobs)
        await insert_many(self.run, "INSERT INTO _cron_runs (cron_id, minute) VALUES", rows.slots)


def _copied(described: MariadbCatalog, collection: Collection) -> CopyStatements:
    table = described.source(collection)
    return CopyStatements.of(described.statements(collection), table, "_row", quoted)


def _in_parts(ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The marks and the values for each IN, filled up to a power of two."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = tuple(ids[start : start + IDS_AT_ONCE])
        places = 1 << (len(some) - 1).bit_length()
        yield ", ".join("?" * places), (*some, *some[:1] * (places - len(some)))
