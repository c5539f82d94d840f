"""Rows with their numbers in a MariaDB store; see `copying`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tenfold.schema.collection import Collection
from tenfold.store.contract import NotUnique
from tenfold.store.copying import JOBS, CopyReads, CopyStatements, JobRows, Row, in_parts
from tenfold.store.mariadb_batches import insert_many
from tenfold.store.mariadb_catalog import MariadbCatalog
from tenfold.store.mariadb_connection import NOT_UNIQUE, ServerError
from tenfold.store.mariadb_dialect import quoted
from tenfold.store.mariadb_reads import MariadbReads

DELETED_AT_ONCE = 5_000
"""Few enough for the time that one statement has."""


class MariadbCopyReads(MariadbReads, CopyReads):
    """See `CopyStore`."""

    def _copied(self, collection: Collection) -> CopyStatements:
        return _copied(self.described, collection)

    async def params(self) -> dict[str, str]:
        return dict(await self._rows("SELECT id, value FROM _params ORDER BY id", ()))


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
        for marks, some in in_parts(ids):
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
