"""What makes a record of an auth collection more than a row.

`AccountRules` is what the records use cases call around every create, update and delete; the
auth use cases go through the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenfold.auth import forms, linked
from tenfold.auth.hashed import CheckedText, HashedText
from tenfold.auth.passwords import MAX_BYTES, Passwords
from tenfold.errors import BadRequest, FieldError, FieldErrors
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import INSTALLER_EMAIL, SUPERUSERS, Collection
from tenfold.schema.fields.contract import Field
from tenfold.schema.fields.password import PasswordField, PlainPassword
from tenfold.schema.record import Record
from tenfold.schema.values.faults import REQUIRED
from tenfold.schema.values.scalars import to_text
from tenfold.store.contract import Reads, Transaction
from tenfold.store.select import Query

CANT_CREATE = "Failed to create record."
CANT_UPDATE = "Failed to update record."
LAST_SUPERUSER = "You can't delete the only existing superuser."

BAD_OLD_PASSWORD = FieldError("validation_invalid_old_password", "Missing or invalid old password.")
TAKEN_ID = FieldError("validation_invalid_auth_id", "Invalid or duplicated auth record id.")

_BCRYPT = re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}")

Errors = dict[str, FieldError | FieldErrors]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class AccountRules:
    """Passwords, token keys and what hangs on an account, around each write of a record."""

    passwords: Passwords
    now: Callable[[], datetime] = utc_now

    def concerns(self, collection: Collection) -> bool:
        """Whether `prepare` and `apply` have anything to do for a collection."""
        return collection.has_passwords or collection.name in linked.LINKED

    async def prepare(
        self, collection: Collection, before: Record | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The body with its passwords hashed or checked: do this before the transaction.

        A second call leaves them as they are. Raises: Unavailable when too many wait.
        """
        ready = dict(body)
        if collection.type == "auth" and before is not None and body.get("oldPassword"):
            ready["oldPassword"] = await self._checked(before, body["oldPassword"])
        is_wanted = collection.type != "auth" or _agree(body)
        for field in _password_fields(collection):
            if field.name in body and not isinstance(body[field.name], HashedText):
                plain = to_text(body[field.name])
                ready[field.name] = await self._hashed(field, plain, is_wanted=is_wanted)
        return ready

    async def apply(
        self,
        tx: Transaction,
        record: Record,
        before: Record | None,
        body: Mapping[str, Any],
        facts: RequestFacts,
        *,
        can_manage: bool,
    ) -> Errors:
        """Set password and token key, guard email and verified, drop what is out of date.

        Call it after the hooks, in the transaction that stores the record. Returns what is
        wrong per field. Raises: BadRequest for what hides all other errors.
        """
        collection = record.collection
        if before is None and not facts.is_superuser:
            _refuse_unhashable(collection, body)
        if collection.type != "auth":
            errors = await self.set_passwords(record, before, body)
            if collection.name in linked.LINKED:
                errors |= await linked.check(tx, record)
            return errors
        _check_form(record, before, body, can_manage=can_manage)
        errors = await self.set_passwords(record, before, body)
        errors |= self._set_token_key(record, before, body, facts)
        if collection.name == SUPERUSERS:
            record.values["verified"] = True
            await _remove_installer(tx, record, before)
        if before is None:
            return errors | await _check_id(tx, record)
        self.rotate(record, before)
        await self.forget_stale(tx, record, before)
        return errors

    async def before_delete(self, tx: Transaction, record: Record) -> None:
        """Remove what hangs on an account. Raises: BadRequest for the last superuser."""
        if record.collection.type != "auth":
            return
        if record.collection.name == SUPERUSERS:
            if len(await tx.select(Query(record.collection, limit=2))) < 2:
                raise BadRequest(LAST_SUPERUSER)
        await linked.remove(tx, record, *linked.LINKED)

    def rotate(self, record: Record, before: Record) -> None:
        """Give a record whose password or email changes a new token key: old tokens end."""
        new, old = record.values, before.values
        is_other = new["password"] != old["password"] or new["email"] != old["email"]
        if is_other and new["tokenKey"] == old["tokenKey"]:
            new["tokenKey"] = self.new_token_key(record.collection)

    def new_token_key(self, collection: Collection) -> str:
        """A random token key as the collection wants it."""
        field = collection.by_name["tokenKey"]
        return field.fill("", is_new=True, was_set=False, now=self.now())

    async def forget_stale(self, tx: Transaction, record: Record, before: Record) -> None:
        """Remove one-time passwords, second steps and known places that no longer hold."""
        if record.values["tokenKey"] != before.values["tokenKey"]:
            await linked.remove(tx, before, linked.OTPS)
        if record.values["password"] != before.values["password"]:
            await linked.remove(tx, before, linked.MFAS, linked.ORIGINS)

    async def _checked(self, before: Record, raw: object) -> CheckedText:
        if isinstance(raw, CheckedText):
            return raw
        plain, against = to_text(raw), before.values["password"]
        return CheckedText(plain, against, await self.passwords.verify(plain, against))

    async def _hashed(self, field: PasswordField, plain: str, *, is_wanted: bool) -> HashedText:
        is_good = plain and field.check(PlainPassword(plain), is_new=True) is None
        if not is_good or not is_wanted:
            return HashedText(plain, "")
        return HashedText(plain, await self.passwords.hash(plain, field.bcrypt_cost))

    async def set_passwords(
        self, record: Record, before: Record | None, body: Mapping[str, Any]
    ) -> Errors:
        """Put hashes where `body` or a hook has given passwords; say what is wrong with them."""
        errors: Errors = {}
        for field in _password_fields(record.collection):
            stored = before.values[field.name] if before else ""
            held = record.values[field.name]
            # Other than stored: a hook has set it, and hooks have the last word.
            given = held if held != stored else body.get(field.name, stored)
            if given == stored:
                fault = REQUIRED if field.required and not stored else None
            else:
                fault = await self._set_password(record, field, given)
            if fault:
                errors[field.name] = fault
        return errors

    async def _set_password(
        self, record: Record, field: PasswordField, given: object
    ) -> FieldError | None:
        plain = given.text if isinstance(given, PlainPassword) else to_text(given)
        if _BCRYPT.fullmatch(plain) and not isinstance(given, HashedText):
            record.values[field.name] = plain
            return None
        fault = field.check(PlainPassword(plain) if plain else "", is_new=True)
        if fault or not plain:
            record.values[field.name] = ""
            return fault
        made = given.hash if isinstance(given, HashedText) else ""
        record.values[field.name] = made or await self.passwords.hash(plain, field.bcrypt_cost)
        return None

    def _set_token_key(
        self,
        record: Record,
        before: Record | None,
        body: Mapping[str, Any],
        facts: RequestFacts,
    ) -> Errors:
        field, values = record.collection.by_name["tokenKey"], record.values
        if facts.is_superuser and "tokenKey" in body:
            values["tokenKey"] = field.cast(body["tokenKey"])
        if before is None and not values["tokenKey"]:
            values["tokenKey"] = self.new_token_key(record.collection)
        fault = field.check(values["tokenKey"], is_new=before is None)
        return {"tokenKey": fault} if fault else {}


def _password_fields(collection: Collection) -> list[PasswordField]:
    fields: tuple[Field, ...] = collection.fields
    return [f for f in fields if isinstance(f, PasswordField)]


def _refuse_unhashable(collection: Collection, body: Mapping[str, Any]) -> None:
    """PocketBase fails so early on what bcrypt can't take that it says no more about it."""
    for field in _password_fields(collection):
        if len(to_text(body.get(field.name)).encode()) > MAX_BYTES:
            raise BadRequest(CANT_CREATE)


def _agree(body: Mapping[str, Any]) -> bool:
    return to_text(body.get("password")) == to_text(body.get("passwordConfirm"))


def _check_form(
    record: Record, before: Record | None, body: Mapping[str, Any], *, can_manage: bool
) -> None:
    """Raises: BadRequest for what PocketBase checks before it looks at the fields."""
    message = CANT_CREATE if before is None else CANT_UPDATE
    old_verified = before.values["verified"] if before else False
    is_free = can_manage or before is None
    is_email_kept = is_free or record.values["email"] == (before and before.values["email"])
    is_verified_kept = can_manage or record.values["verified"] == old_verified
    forms.refuse(
        message,
        email=None if is_email_kept else forms.NOT_EQUAL,
        verified=None if is_verified_kept else forms.NOT_EQUAL,
        **_password_faults(before, body, needs_old=not is_free),
    )


def _password_faults(
    before: Record | None, body: Mapping[str, Any], *, needs_old: bool
) -> dict[str, FieldError | None]:
    new, again, old = (
        to_text(body.get(name)) for name in ("password", "passwordConfirm", "oldPassword")
    )
    is_new = before is None
    faults: dict[str, FieldError | None] = {}
    if (is_new or again or old) and not new:
        faults["password"] = REQUIRED
    if (is_new or new or old) and not again:
        faults["passwordConfirm"] = REQUIRED
    elif again != new:
        faults["passwordConfirm"] = forms.NOT_EQUAL
    if before is not None and needs_old and (new or again):
        faults["oldPassword"] = _old_password_fault(before, body.get("oldPassword"))
    return faults


def _old_password_fault(before: Record, old: object) -> FieldError | None:
    if not old:
        return REQUIRED
    if isinstance(old, CheckedText) and old.is_right and old.against == before.values["password"]:
        return None
    return BAD_OLD_PASSWORD


async def _remove_installer(tx: Transaction, record: Record, before: Record | None) -> None:
    """The superuser behind the installer link goes when there is a real one."""
    if before is None and record["email"] != INSTALLER_EMAIL:
        for installer in await tx.find_by(record.collection, {"email": INSTALLER_EMAIL}):
            await linked.remove(tx, installer, *linked.LINKED)
            await tx.delete(installer)


async def _check_id(reads: Reads, record: Record) -> Errors:
    """An id may stand for one account only, whatever collection it is in."""
    for other in reads.catalog.collections:
        if other.type == "auth" and other.id != record.collection.id:
            if await reads.find(other, record.id) is not None:
                return {"id": TAKEN_ID}
    return {}
