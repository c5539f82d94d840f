"""Find accounts, and change them on the service's own behalf."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenfold.auth.forms import NOT_UNIQUE
from tenfold.auth.parts import Auth
from tenfold.errors import BadRequest, FieldError, FieldErrors
from tenfold.hooks import RecordEvent
from tenfold.records import recast
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.fields.password import PasswordField
from tenfold.schema.indexes import parsed
from tenfold.schema.record import Record
from tenfold.store.contract import NotUnique, Reads, Transaction

RANDOM_PASSWORD_BYTES = 30


async def find_by_email(reads: Reads, collection: Collection, email: str) -> Record | None:
    """The account with an e-mail address."""
    return await find_by(reads, collection, "email", email) if email else None


async def find_by(reads: Reads, collection: Collection, name: str, value: str) -> Record | None:
    """The account whose unique field has a value, in any case if the index says so."""
    ignore_case = _ignores_case(collection, name)
    found = await reads.find_by(collection, {name: value}, ignore_case=ignore_case)
    return found[0] if found else None


def is_unique(collection: Collection, name: str) -> bool:
    """Whether only one account may have a value in a field."""
    return any(index.is_about(name) for index in parsed(collection.indexes))


def password_cost(collection: Collection) -> int:
    """How much work the hash of one of the collection's passwords is."""
    field = collection.by_name.get("password")
    return field.bcrypt_cost if isinstance(field, PasswordField) else 10


async def random_password_hash(auth: Auth, collection: Collection) -> str:
    """The hash of a password that no one knows."""
    plain = secrets.token_urlsafe(RANDOM_PASSWORD_BYTES)
    return await auth.passwords.hash(plain, password_cost(collection))


async def change(
    auth: Auth,
    tx: Transaction,
    before: Record,
    values: Mapping[str, Any],
    facts: RequestFacts,
    *,
    message: str,
) -> Record:
    """Set values of an account; `password` takes a hash. Ends its old tokens if it must.

    Raises: BadRequest when the record as a whole breaks its collection's demands.
    """
    record = before.copy()
    record.values |= values
    now = auth.rules.now()
    for field in record.collection.fields:
        was_set, current = field.name in values, record.values[field.name]
        record.values[field.name] = field.fill(current, is_new=False, was_set=was_set, now=now)
    event = RecordEvent(
        collection=record.collection, record=record, original=before, request=facts, tx=tx
    )
    if auth.hooks.has("before_update", record.collection):
        asked = dict(record.values)
        await auth.hooks.before("before_update", event)
        recast(record, asked)
    faults = await auth.rules.set_passwords(record, before, {})
    auth.rules.rotate(record, before)
    faults = _faults(record) | faults
    if faults:
        raise BadRequest(message, faults)
    await auth.rules.forget_stale(tx, record, before)
    try:
        await tx.update(record)
    except NotUnique as error:
        raise BadRequest(message, {name: NOT_UNIQUE for name in error.columns}) from error
    tx.after_commit(lambda: auth.hooks.after("after_update", replace(event, tx=None)))
    return record


def _faults(record: Record) -> dict[str, FieldError | FieldErrors]:
    checked: dict[str, FieldError | FieldErrors | None] = {
        f.name: f.check(record.values[f.name], is_new=False) for f in record.collection.fields
    }
    return {name: fault for name, fault in checked.items() if fault is not None}


def _ignores_case(collection: Collection, name: str) -> bool:
    return any(
        index.columns[0].collate.lower() == "nocase"
        for index in parsed(collection.indexes)
        if index.is_about(name)
    )
