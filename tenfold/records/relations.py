"""Records that point at records: they must exist, and follow a delete."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tenfold.errors import BadRequest, FieldError
from tenfold.filters import check
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields import AutodateField
from tenfold.schema.fields.relation import MISSING_RECORDS, RelationField
from tenfold.schema.record import Record
from tenfold.store.contract import Reads, Transaction
from tenfold.store.select import Condition, Query

REQUIRED_REFERENCE = (
    "Failed to delete record. Make sure that the record is not part of a required relation"
    " reference."
)
MAX_CASCADE = 100_000
"""Records that one delete may change or take along, so that one request stays bounded."""


def ids_of(record: Record, field: RelationField) -> list[str]:
    """The ids in a relation field, single or multiple."""
    return field.listed(record.values[field.name])


async def check_relations(
    reads: Reads, record: Record, before: Record | None
) -> dict[str, FieldError]:
    """Say which relation fields name records that do not exist; unchanged ids are trusted."""
    errors: dict[str, FieldError] = {}
    for field in record.collection.relation_fields:
        value = record.values[field.name]
        if not value or (before and before.values.get(field.name) == value):
            continue
        known = set(ids_of(before, field)) if before else set[str]()
        new = [i for i in dict.fromkeys(ids_of(record, field)) if i not in known]
        if not new:
            continue
        target = reads.catalog.by_id.get(field.collection_id)
        found = await reads.find_many(target, new) if target else {}
        if len(found) != len(new):
            errors[field.name] = MISSING_RECORDS
    return errors


def references_to(
    collection: Collection, catalog: Catalog
) -> Iterator[tuple[Collection, RelationField]]:
    """Every relation field anywhere that points at `collection`."""
    for other in catalog.collections:
        if other.type == "view":
            continue
        for field in other.relation_fields:
            if field.collection_id == collection.id:
                yield other, field


async def referencing(
    reads: Reads, collection: Collection, field: RelationField, record_id: str
) -> list[Record]:
    """The records whose relation field names `record_id`."""
    link = naming(collection, field, record_id, reads.catalog)
    return await reads.select(Query(collection, (link,), limit=MAX_CASCADE))


def naming(
    collection: Collection, field: RelationField, record_id: str, catalog: Catalog
) -> Condition:
    """The condition that a relation field names a record."""
    each = ":each" if field.is_multiple else ""
    # The id travels as a request value, so that no id can be read as filter text.
    text = f"{field.name}{each} ?= @request.query.id"
    checked = check(text, collection, catalog, hidden_allowed=True)
    return checked, RequestFacts(query={"id": record_id})


class Cascade:
    """The delete of one record and all that must follow it, in one transaction.

    `deleted` and `updated` hold the records in the order they were written.
    """

    def __init__(self, tx: Transaction, now: datetime) -> None:
        self._tx = tx
        self._now = now
        self._seen: set[tuple[str, str]] = set()
        self.deleted: list[Record] = []
        self.updated: list[Record] = []

    async def delete(self, record: Record) -> None:
        """Delete a record, its dependants first. Raises: BadRequest for a required reference."""
        waiting = [record]
        order: list[Record] = []
        while waiting:
            current = waiting.pop()
            key = (current.collection.id, current.id)
            if key in self._seen:
                continue
            self._seen.add(key)
            if len(self._seen) > MAX_CASCADE:
                raise BadRequest("The delete would take too many records along.")
            order.append(current)
            waiting += await self._dependants(current)
        for current in reversed(order):
            await self._tx.delete(current)
            self.deleted.append(current)

    async def _dependants(self, record: Record) -> list[Record]:
        """Records that must go with this one; the other references are emptied."""
        going: list[Record] = []
        for collection, field in references_to(record.collection, self._tx.catalog):
            for other in await referencing(self._tx, collection, field, record.id):
                if (collection.id, other.id) in self._seen:
                    continue
                left = [i for i in ids_of(other, field) if i != record.id]
                if field.cascade_delete and not left:
                    going.append(other)
                elif field.required and not left:
                    raise BadRequest(REQUIRED_REFERENCE)
                else:
                    await self._unlink(other, field, left)
        return going

    async def _unlink(self, record: Record, field: RelationField, left: list[str]) -> None:
        record.values[field.name] = left if field.is_multiple else (left[0] if left else "")
        for dated in record.collection.fields:
            if isinstance(dated, AutodateField):
                value = record.values[dated.name]
                record.values[dated.name] = dated.fill(
                    value, is_new=False, was_set=False, now=self._now
                )
        await self._tx.update(record)
        self.updated.append(record)
