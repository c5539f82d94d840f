"""Create, update, remove and empty a collection: its table, files and dependants with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from tenfold.collections.check import examine
from tenfold.collections.contract import CollectionFiles
from tenfold.collections.saving import save
from tenfold.errors import BadRequest, Forbidden, NotFound
from tenfold.records import RecordWrites
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.defaults import new_secret
from tenfold.schema.fields import RelationField
from tenfold.schema.parse import parse_collection
from tenfold.schema.values.dates import date_text
from tenfold.store.contract import SchemaRefused, Transaction
from tenfold.store.select import Query

CANT_CREATE = "Failed to create collection."
CANT_UPDATE = "Failed to update collection."
CANT_DELETE = "Failed to delete collection."
CANT_TRUNCATE = (
    "Failed to truncate collection (most likely due to required cascade delete record references)."
)
VIEWS_ARE_EMPTY = "View collections cannot be truncated since they don't store their own records."
LINKS = ("_externalAuths", "_mfas", "_otps", "_authOrigins")
"""Collections whose records hang on an account."""

AT_ONCE = 200
"""Records that truncating removes before others get their turn on the event loop."""

SERVICE = RequestFacts(is_service=True)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CollectionWrites:
    """The writing use cases; each is one transaction: all of it happens, or nothing."""

    records: RecordWrites
    files: CollectionFiles
    now: Callable[[], datetime] = utc_now

    async def create(self, sent: Mapping[str, Any]) -> Collection:
        """Make a collection and its table. Raises: BadRequest with what is wrong, by key."""

        async def work(tx: Transaction) -> Collection:
            made = parse_collection(sent, taken=tx.catalog.by_id)
            return await self._save(tx, made, None, CANT_CREATE)

        return await self.records.store.write(work)

    async def update(self, name_or_id: str, sent: Mapping[str, Any]) -> Collection:
        """Change a collection; its data moves along. Raises: NotFound, BadRequest."""

        async def work(tx: Transaction) -> Collection:
            before = get(tx.catalog, name_or_id)
            after = parse_collection(sent, before)
            if after.id != before.id:
                raise NotFound
            return await self._save(tx, with_new_secret(after, before), before, CANT_UPDATE)

        return await self.records.store.write(work)

    async def _save(
        self, tx: Transaction, asked: Collection, before: Collection | None, message: str
    ) -> Collection:
        now = date_text(self.now())
        dated = replace(asked, created=asked.created or now, updated=now)
        collection, faults = await examine(tx, dated, before)
        if faults:
            raise BadRequest(message, faults)
        await save(tx, collection, before, message)
        return collection

    async def delete(self, name_or_id: str) -> None:
        """Remove a collection with its records and files.

        Raises: NotFound, BadRequest when others need it.
        """

        async def work(tx: Transaction) -> None:
            found = get(tx.catalog, name_or_id)
            if found.system:
                raise BadRequest(CANT_DELETE)
            users = referrers(tx.catalog, found)
            if users:
                names = ", ".join(c.name for c in users)
                raise BadRequest(
                    f"Failed to delete collection probably due to existing reference in {names}."
                )
            await self._remove(tx, found)

        await self.records.store.write(work)

    async def _remove(self, tx: Transaction, collection: Collection) -> None:
        try:
            await tx.save_collections((), [collection])
        except SchemaRefused as refused:
            raise BadRequest(CANT_DELETE) from refused
        await remove_traces(tx, collection, self.files)

    async def truncate(self, name_or_id: str) -> None:
        """Remove all records of a collection, and what goes with them.

        Raises: NotFound, BadRequest when a record may not go.
        """

        async def work(tx: Transaction) -> None:
            collection = get(tx.catalog, name_or_id)
            if collection.type == "view":
                raise BadRequest(VIEWS_ARE_EMPTY)
            if collection.type == "auth" or named_by(tx.catalog, collection):
                await self._delete_each(tx, collection)
            else:
                await tx.truncate(collection)
            tx.after_commit(lambda: self.files.remove_collection(collection))

        await self.records.store.write(work)

    async def _delete_each(self, tx: Transaction, collection: Collection) -> None:
        try:
            while some := await tx.select(Query(collection, limit=AT_ONCE)):
                for record in some:
                    # One may be gone already, with another that it hung on.
                    if await tx.find(collection, record.id):
                        await self.records.delete(collection, record.id, SERVICE)
                await asyncio.sleep(0)
        except (BadRequest, Forbidden) as error:
            raise BadRequest(CANT_TRUNCATE) from error


def get(catalog: Catalog, name_or_id: str) -> Collection:
    """A collection by id or name. Raises: NotFound."""
    found = catalog.find(name_or_id)
    if found is None:
        raise NotFound
    return found


def named_by(catalog: Catalog, target: Collection) -> list[Collection]:
    """The collections with tables whose relations name records of `target`."""
    return [
        c
        for c in catalog.collections
        if c.type != "view"
        and any(isinstance(f, RelationField) and f.collection_id == target.id for f in c.fields)
    ]


def referrers(catalog: Catalog, target: Collection) -> list[Collection]:
    """The other collections that can't be without `target`."""
    return [
        c
        for c in catalog.collections
        if c.id != target.id
        and any(isinstance(f, RelationField) and f.collection_id == target.id for f in c.fields)
    ]


def with_new_secret(after: Collection, before: Collection) -> Collection:
    """End all sessions where who may have one changes."""
    if after.auth is None or before.auth is None:
        return after
    if (after.auth.auth_rule or "") == (before.auth.auth_rule or ""):
        return after
    token = msgspec.structs.replace(after.auth.auth_token, secret=new_secret())
    return replace(after, auth=msgspec.structs.replace(after.auth, auth_token=token))


async def remove_traces(tx: Transaction, collection: Collection, files: CollectionFiles) -> None:
    """Remove what hung on a collection that was just removed."""
    for name in LINKS if collection.type == "auth" else ():
        link = tx.catalog.find(name)
        for record in await tx.find_by(link, {"collectionRef": collection.id}) if link else ():
            await tx.delete(record)
    if collection.type != "view":
        tx.after_commit(lambda: files.remove_collection(collection))
