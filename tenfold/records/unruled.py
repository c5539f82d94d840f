"""Records for code of the operator: no rules, but every check and hook of a write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.errors import BadRequest, NotFound
from tenfold.filters import FilterError, check, check_sort
from tenfold.records.writes import RecordWrites
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.select import Query

SERVICE = RequestFacts(is_service=True)

_PLACEHOLDER = re.compile(r"\{:(\w+)\}")
_LITERALS: dict[object, str] = {None: "null", True: "true", False: "false"}


@dataclass(frozen=True)
class UnruledRecords:
    """Reads and writes by collection name (hooks.HookRecords); they join an open transaction."""

    writes: RecordWrites

    async def find(self, collection: str, record_id: str) -> Record | None:
        """A record by id. Raises: NotFound when there is no such collection."""
        return await self.writes.store.current().find(self._collection(collection), record_id)

    async def list(
        self,
        collection: str,
        filter: str = "",
        *,
        sort: str = "",
        limit: int = 100,
        values: Mapping[str, str | int | float | bool | None] | None = None,
    ) -> list[Record]:
        """The records that a filter picks. Raises: NotFound, BadRequest for a bad filter."""
        found = self._collection(collection)
        reads = self.writes.store.current()
        text = fill(filter, values or {}).strip()
        try:
            where = check(text, found, reads.catalog, hidden_allowed=True) if text else None
            order = check_sort(sort, found, reads.catalog, hidden_allowed=True)
        except FilterError as error:
            raise BadRequest(f"The filter or sort can't be read: {error}") from error
        conditions = ((where, SERVICE),) if where else ()
        return await reads.select(Query(found, conditions, order, limit))

    async def create(self, collection: str, values: Mapping[str, Any]) -> Record:
        """Create a record. Raises: NotFound, BadRequest."""
        return await self.writes.create(self._collection(collection), values, SERVICE)

    async def update(self, collection: str, record_id: str, values: Mapping[str, Any]) -> Record:
        """Change some values of a record. Raises: NotFound, BadRequest."""
        return await self.writes.update(self._collection(collection), record_id, values, SERVICE)

    async def delete(self, collection: str, record_id: str) -> None:
        """Delete a record and what must go with it. Raises: NotFound, BadRequest."""
        await self.writes.delete(self._collection(collection), record_id, SERVICE)

    def _collection(self, name: str) -> Collection:
        found = self.writes.store.current().catalog.find(name)
        if found is None:
            raise NotFound(f"There is no collection {name}.")
        return found


def fill(filter: str, values: Mapping[str, str | int | float | bool | None]) -> str:
    """Replace the {:name} placeholders of a filter; text is quoted, so it can't break out.

    Raises: BadRequest for a placeholder without a value.
    """

    def literal(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise BadRequest(f"The filter wants a value for {found[1]}.")
        value = values[found[1]]
        if isinstance(value, str):
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        if value is None or isinstance(value, bool):
            return _LITERALS[value]
        return repr(value)

    return _PLACEHOLDER.sub(literal, filter)
