"""List and view records under a collection's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.errors import BadRequest, Forbidden, NotFound
from tenfold.filters import FilterError, check, check_sort, reserved
from tenfold.records import access
from tenfold.records.footprint import Footprint
from tenfold.records.present import Presenter
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tenfold.store.select import Condition, Query

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 1_000
MAX_INTEGER = 2**63 - 1
MAX_OFFSET = MAX_INTEGER

_INTEGER = re.compile("[+-]?[0-9]{1,19}")
_BOOLEANS = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "false", "FALSE", "False"), False
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records; the totals are -1 when the client skips them."""

    items: Sequence[Any]
    page: int
    per_page: int
    total_items: int
    total_pages: int

    def wire(self) -> dict[str, Any]:
        """The page as clients know it."""
        return {
            "items": self.items,
            "page": self.page,
            "perPage": self.per_page,
            "totalItems": self.total_items,
            "totalPages": self.total_pages,
        }


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
        page = max(1, _whole_number(query, "page", 1))
        per_page = _whole_number(query, "perPage", DEFAULT_PER_PAGE)
        per_page = min(per_page, MAX_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE
        skips_total = _boolean(query, "skipTotal")
        picked = self._query(collection, facts, query)
        offset = min((page - 1) * per_page, MAX_OFFSET)
        asked = Query(collection, (*rule, *picked.where), picked.sort, per_page, offset)
        try:
            records = await self.store.select(asked)
        except FilterError as error:
            raise BadRequest() from error
        if self.presenter.hooks.has("list", collection):
            records = [*await self.presenter.hooks.listed(collection, records, facts)]
        total, pages = -1, -1
        if not skips_total:
            total = await self._total(asked, records, page, per_page)
            pages = -(-total // per_page)
        footprint = footprint or Footprint()
        footprint.add_collection(collection)
        footprint.add_conditions(asked.where)
        footprint.add_sort(picked.sort, self.store.catalog)
        items = await self.presenter.present(self.store, records, facts, query, footprint)
        return Page(items, page, per_page, total, pages)

    async def _total(self, asked: Query, records: list[Record], page: int, per_page: int) -> int:
        """Count only when the page itself does not tell the total."""
        if 0 < len(records) < per_page or (page == 1 and not records):
            return (page - 1) * per_page + len(records)
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


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not _INTEGER.fullmatch(text) or abs(int(text)) > MAX_INTEGER:
        raise BadRequest()
    return int(text)


def _boolean(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "")
    if text and text not in _BOOLEANS:
        raise BadRequest()
    return bool(text) and _BOOLEANS[text]
