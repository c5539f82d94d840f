"""The reads that a MariaDB store and an open MariaDB transaction have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record
from tenfold.store.mariadb_catalog import MariadbCatalog
from tenfold.store.mariadb_dialect import quoted
from tenfold.store.select import Condition, Query, compile_count, compile_image, compile_select

IDS_PER_STATEMENT = 64
"""A power of two, so that few statements need to be prepared."""


class MariadbReads(ABC):
    """Reads on top of two primitives: the collections as of now, and `_rows`."""

    @property
    @abstractmethod
    def described(self) -> MariadbCatalog:
        """The collections as of now, and their tables."""
        ...

    @abstractmethod
    async def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]: ...

    @property
    def catalog(self) -> Catalog:
        return self.described.catalog

    async def find(self, collection: Collection, record_id: str) -> Record | None:
        statements = self.described.statements(collection)
        rows = await self._rows(statements.find, (record_id,))
        return statements.record(rows[0]) if rows else None

    async def find_many(self, collection: Collection, ids: Sequence[str]) -> dict[str, Record]:
        statements = self.described.statements(collection)
        found: dict[str, Record] = {}
        for start in range(0, len(ids), IDS_PER_STATEMENT):
            some = tuple(ids[start : start + IDS_PER_STATEMENT])
            # Filled up to a power of two.
            places = 1 << (len(some) - 1).bit_length()
            marks = ", ".join("?" * places)
            params = (*some, *some[:1] * (places - len(some)))
            for row in await self._rows(f"{statements.select} WHERE id IN ({marks})", params):
                record = statements.record(row)
                found[record.id] = record
        return found

    async def find_by(
        self, collection: Collection, equals: dict[str, Any], *, ignore_case: bool = False
    ) -> list[Record]:
        described = self.described
        statements = described.statements(collection)
        lower = described.dialect.lower
        tests = [
            f"{lower(quoted(n))} = {lower('?')}" if ignore_case else f"{quoted(n)} = ?"
            for n in equals
        ]
        sql = f"{statements.select} WHERE {' AND '.join(tests) or '1'}"
        ordered = sql if collection.type == "view" else f"{sql} ORDER BY _row"
        rows = await self._rows(ordered, tuple(equals.values()))
        return [statements.record(row) for row in rows]

    async def select(self, query: Query) -> list[Record]:
        described = self.described
        statement = compile_select(query, described.catalog, described.dialect)
        record = described.statements(query.collection).record
        return [record(row) for row in await self._rows(statement.sql, statement.params)]

    async def count(self, query: Query) -> int:
        described = self.described
        statement = compile_count(query, described.catalog, described.dialect)
        return (await self._rows(statement.sql, statement.params))[0][0]

    async def holds(self, condition: Condition, record: Record) -> bool:
        checked, facts = condition
        if checked.predicate is not None:
            return checked.predicate(record.values, facts)
        described = self.described
        is_new = not record.rev and record.collection.type != "view"
        statement = compile_image(
            condition, record.values, described.catalog, described.dialect, is_new=is_new
        )
        return bool((await self._rows(statement.sql, statement.params))[0][0])

    async def param(self, key: str) -> str | None:
        rows = await self._rows("SELECT value FROM _params WHERE id = ?", (key,))
        return rows[0][0] if rows else None
