"""List and view collections."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from tenfold.collections.writes import get
from tenfold.errors import BadRequest
from tenfold.filters import FilterError, check, parse_sort
from tenfold.filters.tokens import split
from tenfold.records import Page, parse_paging, parse_shape
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields import AutodateField, BoolField, TextField
from tenfold.schema.record import Record
from tenfold.schema.wire import render_collection
from tenfold.store.contract import Store

COLUMNS = Collection(
    id="collections",
    name="collections",
    fields=(
        *(TextField(name=name) for name in ("id", "name", "type")),
        BoolField(name="system"),
        *(AutodateField(name=name) for name in ("created", "updated")),
    ),
)
"""What of a collection can be filtered and sorted by."""
_ONLY_COLUMNS = Catalog((COLUMNS,))

Row = dict[str, Any]


@dataclass(frozen=True)
class CollectionReads:
    """The reading use cases; `query` holds the URL's parameters."""

    store: Store

    def view(self, name_or_id: str) -> dict[str, Any]:
        """One collection's wire form. Raises: NotFound."""
        return render_collection(get(self.store.catalog, name_or_id))

    async def list(self, query: Mapping[str, str]) -> Page:
        """One page of the collections that a filter picks. Raises: BadRequest."""
        paging = parse_paging(query)
        catalog = self.store.catalog
        try:
            rows = await self._pick(catalog, query.get("filter", ""))
            rows = _sorted(rows, query.get("sort", ""))
        except FilterError as error:
            raise BadRequest from error
        wanted = rows[paging.offset : paging.offset + paging.per_page]
        shown = [catalog.by_id[row["id"]] for row in wanted]
        return paging.filled(_picked(shown, query), len(rows))

    async def _pick(self, catalog: Catalog, text: str) -> list[Row]:
        rows = [{f.name: getattr(c, f.name) for f in COLUMNS.fields} for c in catalog.collections]
        if not text:
            return rows
        checked = check(text, COLUMNS, _ONLY_COLUMNS)
        shape, _ = split(text)
        if any(word in part for part in shape for word in ("@request.", "@collection.", ":")):
            raise FilterError("only the collection's own columns can be filtered")
        condition = (checked, NOBODY)
        return [row for row in rows if await self.store.holds(condition, Record(COLUMNS, row))]


def _sorted(rows: list[Row], text: str) -> list[Row]:
    """The rows in the order of a sort; by age where it says nothing else."""
    for key in reversed(parse_sort(text)):
        if key.name == "@random":
            random.shuffle(rows)
        elif key.name == "@rowid":
            rows = rows[::-1] if key.is_descending else rows
        elif key.name in COLUMNS.by_name:
            by: Callable[[Row], Any] = itemgetter(key.name)
            rows = sorted(rows, key=by, reverse=key.is_descending)
        else:
            raise FilterError(f"unknown column {key.name!r}")
    return rows


def _picked(collections: Iterable[Collection], query: Mapping[str, str]) -> list[Any]:
    shape = parse_shape(query.get("fields", ""))
    shown = [render_collection(c) for c in collections]
    return [shape.pick(c) for c in shown] if shape else shown
