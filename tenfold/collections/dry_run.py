"""Try a view query: what fields it would have, and its first records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.collections.check import name_faults, with_fields
from tenfold.collections.saving import raw_error
from tenfold.errors import NOT_LOADED, NOT_VALID, BadRequest, FieldError
from tenfold.schema.collection import Collection
from tenfold.schema.ids import collection_id
from tenfold.schema.render import to_wire
from tenfold.schema.validate import check_collection
from tenfold.schema.values.faults import REQUIRED, ended
from tenfold.schema.values.generate import generate
from tenfold.schema.view_fields import check_names
from tenfold.schema.view_query import ViewRefused
from tenfold.schema.wire import field_object
from tenfold.store.contract import SchemaRefused, Store, Transaction
from tenfold.store.select import Query

SAMPLE_SIZE = 10
LONGEST_TRIED = 5_000
TOO_LONG = FieldError(
    "validation_length_too_long",
    f"The length must be no more than {LONGEST_TRIED}.",
    {"max": LONGEST_TRIED, "min": 0},
)


class _Undone(Exception):
    """Carries what was found out of the transaction, which is undone by it."""

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True)
class ViewTrial:
    """The dry run of view queries; it leaves nothing behind."""

    store: Store

    async def run(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """The fields and some records of the view that "query" would make.

        Raises: BadRequest with what is wrong with the query.
        """
        query = sent.get("query")
        if query is None or query == "":
            raise BadRequest(NOT_VALID, {"query": REQUIRED})
        if not isinstance(query, str):
            raise BadRequest(NOT_LOADED)
        if len(query) > LONGEST_TRIED:
            raise BadRequest(NOT_VALID, {"query": TOO_LONG})
        name = f"temp_view_{generate('[a-zA-Z0-9]{5}')}"
        view = Collection(id=collection_id("view", name), name=name, type="view", view_query=query)

        async def work(tx: Transaction) -> None:
            raise _Undone(await _try(tx, view))

        try:
            await self.store.write(work)
        except _Undone as done:
            return done.found
        except (ViewRefused, SchemaRefused) as error:
            told = raw_error(error, [view]) if isinstance(error, SchemaRefused) else str(error)
            raise BadRequest(f"Invalid view query. Raw error: \n{ended(told)}") from error
        raise AssertionError("a dry run can't be kept")


async def _try(tx: Transaction, view: Collection) -> dict[str, Any]:
    full = await with_fields(tx, view)
    check_names(full.fields, name_faults(check_collection(full, None, tx.catalog)))
    await tx.save_collections([full])
    await tx.check_view_ids(full)
    records = await tx.select(Query(full, limit=SAMPLE_SIZE))
    return {
        "fields": [field_object(field) for field in full.fields],
        "sample": [to_wire(record, with_email=True, with_hidden=False) for record in records],
    }
