"""Records on their way into the target, and the proof that they arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b

import msgspec

from tenfold.errors import OperatorError
from tenfold.filters import check, check_sort
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import NotUnique, Store, Transaction
from tenfold.store.select import Condition, Query

ROWS_AT_ONCE = 1_000
DIGEST_BYTES = 16


def insert_all(
    collection: Collection, records: Sequence[Record]
) -> Callable[[Transaction], Awaitable[None]]:
    """The work of a transaction that stores some records."""

    async def work(tx: Transaction) -> None:
        for record in records:
            try:
                await tx.insert(record)
            except NotUnique as error:
                raise OperatorError(
                    f"{collection.name}: record {record.id} has the same"
                    f" {', '.join(error.columns)} as another one",
                    hint="PocketBase refuses such data too: change one of them there",
                ) from error

    return work


class Digest:
    """The number of records and a sum over what is in them, whatever their order."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0

    def add(self, record: Record) -> None:
        encoded = msgspec.json.encode(record.values, order="sorted")
        part = blake2b(encoded, digest_size=DIGEST_BYTES).digest()
        self.count += 1
        self.total = (self.total + int.from_bytes(part)) % (1 << (8 * DIGEST_BYTES))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]


async def digest_of(store: Store, collection: Collection) -> Digest:
    """The digest of what a collection holds now, read back."""
    digest = Digest()
    sort = check_sort("id", collection, store.catalog)
    where: tuple[Condition, ...] = ()
    while records := await store.select(Query(collection, where, sort, limit=ROWS_AT_ONCE)):
        for record in records:
            digest.add(record)
        quoted = msgspec.json.encode(records[-1].id).decode()
        where = ((check(f"id > {quoted}", collection, store.catalog), NOBODY),)
    return digest
