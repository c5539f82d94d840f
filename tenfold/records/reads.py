"""List and view records under a collection's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.errors import BadRequest, Forbidden, NotFound
from tenfold.filters import FilterError, check, check_sort, reserved
from tenfold.records import access
from tenfold.records.footprint import Footprint
from tenfold.records.paging import Page, Paging, parse_paging
from tenfold.records.present import Presenter
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tenfold.store.select import Condition, Query


@dataclass(frozen=True)
class RecordReads:
    """The reading use cases; `query` holds the URL's parameters."""

    store: Reads
    presenter: Presenter

    async def view(
        self,
        collection: Collection,
        record_id: str,
        facts: RequestFacts,
        query: Mapping[str, str],
    ) -> Any:
        """One record's wire form. Raises: Forbidden (no rule), NotFound."""
        record = await self.get(collection, record_id, facts)
        return (await self.presenter.present(self.store, [record], facts, query))[0]

    async def get(self, collection: Collection, record_id: str, facts: RequestFacts) -> Record:
        """A record that the view rule shows to the caller. Raises: Forbidden, NotFound."""
        access.conditions(collection, "view", self.store.catalog, facts)
        record = await self.store.find(collection, record_id)
        if record is None or not await access.allows(self.store, record, "view", facts):
            raise NotFound
        return record

    async def list(
        self,
        collection: Collection,
        facts: RequestFacts,
        query: Mapping[str, str],
        footprint: Footprint | None = None,
    ) -> Page:
        """One page of the records that the list rule and the client's filter pick.

        Adds to `footprint` what the page depends on.
        Raises: Forbidden (no rule), BadRequest for parameters that can't be read.
        """
        rule = access.conditions(collection, "list", self.store.catalog, facts)
        paging = parse_paging(query)
        picked = self._query(collection, facts, query)
        where = (*rule, *picked.where)
        asked = Query(collection, where, picked.sort, paging.per_page, paging.offset)
        try:
            records = await self.store.select(asked)
        except FilterError as error:
            raise BadRequest() from error
        if self.presenter.hooks.has("list", collection):
            records = [*await self.presenter.hooks.listed(collection, records, facts)]
        total = -1 if paging.skips_total else await self._total(asked, records, paging)
        footprint = footprint or Footprint()
        footprint.add_collection(collection)
        footprint.add_conditions(asked.where)
        footprint.add_sort(picked.sort, self.store.catalog)
        items = await self.presenter.present(self.store, records, facts, query, footprint)
        return paging.filled(items, total)

    async def _total(self, asked: Query, records: list[Record], paging: Paging) -> int:
        """Count only when the page itself does not tell the total."""
        if 0 < len(records) < paging.per_page or (paging.page == 1 and not records):
            return paging.offset + len(records)
        return await self.store.count(asked)

    def _query(
        self, collection: Collection, facts: RequestFacts, query: Mapping[str, str]
    ) -> Query:
        catalog, is_superuser = self.store.catalog, facts.is_superuser
        text, sort_text = query.get("filter", ""), query.get("sort", "")
        if not is_superuser:
            _refuse_reserved(text)
            _refuse_reserved(sort_text)
        try:
            where: tuple[Condition, ...] = ()
            if text:
                where = ((check(text, collection, catalog, hidden_allowed=is_superuser), facts),)
            sort = check_sort(sort_text, collection, catalog, hidden_allowed=is_superuser)
        except FilterError as error:
            raise BadRequest() from error
        if sort.guard:
            where = (*where, (sort.guard, facts))
        return Query(collection, where, sort)


def _refuse_reserved(text: str) -> None:
    """Raises: Forbidden for what only superusers may name."""
    word = reserved(text)
    if word:
        raise Forbidden(f"Only superusers can filter by {word}")
