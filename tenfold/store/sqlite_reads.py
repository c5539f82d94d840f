"""The reads that a SQLite store and an open SQLite transaction have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record
from tenfold.store.select import (
    Condition,
    Query,
    compile_count,
    compile_image,
    compile_select,
)
from tenfold.store.statements import Statements, quoted

IDS_PER_STATEMENT = 500


class SqliteReads(ABC):
    """Reads on top of one primitive, `_rows`."""

    @property
    @abstractmethod
    def catalog(self) -> Catalog: ...

    @abstractmethod
    async def _rows(self, sql: str, params: tuple[Any, ...]) -> list[Any]: ...

    async def find(self, collection: Collection, record_id: str) -> Record | None:
        statements = Statements.of(collection)
        rows = await self._rows(statements.find, (record_id,))
        return statements.record(rows[0]) if rows else None

    async def find_many(self, collection: Collection, ids: Sequence[str]) -> dict[str, Record]:
        statements = Statements.of(collection)
        found: dict[str, Record] = {}
        for start in range(0, len(ids), IDS_PER_STATEMENT):
            some = tuple(ids[start : start + IDS_PER_STATEMENT])
            sql = f"{statements.select} WHERE id IN ({', '.join('?' * len(some))})"
            for row in await self._rows(sql, some):
                record = statements.record(row)
                found[record.id] = record
        return found

    async def find_by(
        self, collection: Collection, equals: dict[str, Any], *, ignore_case: bool = False
    ) -> list[Record]:
        statements = Statements.of(collection)
        collate = " COLLATE NOCASE" if ignore_case else ""
        tests = " AND ".join(f"{quoted(name)} = ?{collate}" for name in equals) or "1"
        rows = await self._rows(f"{statements.select} WHERE {tests}", tuple(equals.values()))
        return [statements.record(row) for row in rows]

    async def select(self, query: Query) -> list[Record]:
        statement = compile_select(query, self.catalog)
        record = Statements.of(query.collection).record
        return [record(row) for row in await self._rows(statement.sql, statement.params)]

    async def count(self, query: Query) -> int:
        statement = compile_count(query, self.catalog)
        return (await self._rows(statement.sql, statement.params))[0][0]

    async def holds(self, condition: Condition, record: Record) -> bool:
        checked, facts = condition
        if checked.predicate is not None:
            return checked.predicate(record.values, facts)
        is_new = not record.rev and record.collection.type != "view"
        statement = compile_image(condition, record.values, self.catalog, is_new=is_new)
        return bool((await self._rows(statement.sql, statement.params))[0][0])

    async def param(self, key: str) -> str | None:
        rows = await self._rows("SELECT value FROM _params WHERE id = ?", (key,))
        return rows[0][0] if rows else None
