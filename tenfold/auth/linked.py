"""The system collections whose records hang on an account: one-time passwords, second steps,
external accounts and known places of sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tenfold.errors import FieldError, Unavailable
from tenfold.filters import check as check_filter
from tenfold.schema.actor import NOBODY
from tenfold.schema.auth_options import AuthOptions
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text
from tenfold.store.contract import Reads, Transaction
from tenfold.store.select import Query

OTPS = "_otps"
MFAS = "_mfas"
EXTERNAL_AUTHS = "_externalAuths"
ORIGINS = "_authOrigins"

LINKED = (OTPS, MFAS, EXTERNAL_AUTHS, ORIGINS)

BAD_COLLECTION = FieldError("validation_invalid_collection_id", "Missing or invalid collection.")
NOT_AUTH = FieldError(
    "validation_invalid_collection_type", "Invalid collection type - must be auth."
)
BAD_RECORD = FieldError("validation_invalid_record", "Missing or invalid record.")


def collection(reads: Reads, name: str) -> Collection:
    """One of the four. Raises: Unavailable when someone has removed it."""
    found = reads.catalog.find(name)
    if found is None:
        raise Unavailable(f"the system collection {name} is missing")
    return found


def reference(account: Record) -> dict[str, Any]:
    """The columns by which a linked record names its account."""
    return {"collectionRef": account.collection.id, "recordRef": account.id}


async def of(reads: Reads, name: str, account: Record, **equals: Any) -> list[Record]:
    """The linked records of an account."""
    return await reads.find_by(collection(reads, name), reference(account) | equals)


async def remove(tx: Transaction, account: Record, *names: str) -> None:
    """Remove all linked records of some kinds."""
    for name in names:
        for record in await of(tx, name, account):
            await tx.delete(record)


async def check(reads: Reads, record: Record) -> dict[str, FieldError]:
    """What is wrong with the account that a linked record names."""
    collection_id, record_id = record["collectionRef"], record["recordRef"]
    if not collection_id:
        return {}  # The field itself asks for a value.
    found = reads.catalog.by_id.get(collection_id)
    if found is None:
        return {"collectionRef": BAD_COLLECTION}
    if found.type != "auth":
        return {"collectionRef": NOT_AUTH}
    if record_id and await reads.find(found, record_id) is None:
        return {"recordRef": BAD_RECORD}
    return {}


def draft(reads: Reads, name: str, account: Record, now: datetime, **values: Any) -> Record:
    """A new linked record of an account, complete but not stored yet."""
    of_kind = collection(reads, name)
    given = reference(account) | values
    filled = {
        field.name: field.fill(
            given.get(field.name, field.zero()), is_new=True, was_set=field.name in given, now=now
        )
        for field in of_kind.fields
    }
    return Record(of_kind, filled)


def new_id(reads: Reads, name: str, now: datetime) -> str:
    """An id for a linked record that is stored later."""
    return collection(reads, name).by_name["id"].fill("", is_new=True, was_set=False, now=now)


async def remove_ended(
    tx: Transaction, name: str, now: datetime, lives_s: Callable[[AuthOptions], float]
) -> None:
    """Remove what has outlived the time that its account's collection gives it."""
    of_kind = collection(tx, name)
    for accounts in tx.catalog.collections:
        if accounts.auth is None:
            continue
        before = date_text(now - timedelta(seconds=lives_s(accounts.auth)))
        test = f"collectionRef = '{accounts.id}' && created < '{before}'"
        stale = Query(of_kind, where=((check_filter(test, of_kind, tx.catalog), NOBODY),))
        for record in await tx.select(stale):
            await tx.delete(record)
