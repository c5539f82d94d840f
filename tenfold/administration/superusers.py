"""Superusers from the command line: made, changed and removed without a running service."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import bcrypt

from tenfold.errors import BadRequest, FieldError, FieldErrors, NotFound
from tenfold.schema.collection import INSTALLER_EMAIL, SUPERUSERS, Collection
from tenfold.schema.fields import PasswordField
from tenfold.schema.fields.password import PlainPassword
from tenfold.schema.record import Record
from tenfold.store.contract import NotUnique, Reads, Store, Transaction

OTPS = "_otps"
NOT_UNIQUE = FieldError("validation_not_unique", "Value must be unique.")


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """A code that signs in once, within some seconds."""

    id: str
    password: str
    lives_s: int


class Superusers:
    """The `_superusers` collection of an open store."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._clock = clock

    async def exist(self) -> bool:
        """Whether there is a superuser beside the installer."""
        collection = _collection(self._store, SUPERUSERS)
        records = await self._store.find_by(collection, {})
        return any(r["email"] != INSTALLER_EMAIL for r in records)

    async def create(self, email: str, password: str) -> Record:
        """Raises: BadRequest, with the reasons by field."""

        async def work(tx: Transaction) -> Record:
            return await self._insert(tx, email, password)

        return await self._store.write(work)

    async def update(self, email: str, password: str) -> Record:
        """Change a password; tokens and sessions of before end. Raises: NotFound, BadRequest."""

        async def work(tx: Transaction) -> Record:
            return await self._change(tx, await self._get(tx, email), password)

        return await self._store.write(work)

    async def upsert(self, email: str, password: str) -> Record:
        """Create, or change the password of, a superuser. Raises: BadRequest."""

        async def work(tx: Transaction) -> Record:
            found = await self._find(tx, email)
            if found:
                return await self._change(tx, found, password)
            return await self._insert(tx, email, password)

        return await self._store.write(work)

    async def delete(self, email: str) -> None:
        """Raises: NotFound; BadRequest for the last one."""

        async def work(tx: Transaction) -> None:
            found = await self._get(tx, email)
            everyone = await tx.find_by(found.collection, {})
            if len(everyone) == 1:
                raise BadRequest("You can't delete the only existing superuser.")
            await tx.delete(found)

        await self._store.write(work)

    async def one_time_password(self, email: str) -> OneTimePassword:
        """Make a code that signs a superuser in. Raises: NotFound, BadRequest."""

        async def work(tx: Transaction) -> OneTimePassword:
            superuser = await self._get(tx, email)
            options = superuser.collection.auth
            if options is None or not options.otp.enabled:
                raise BadRequest("OTP auth is not enabled for the _superusers collection.")
            code = "".join(secrets.choice("0123456789") for _ in range(options.otp.length))
            values = {
                "collectionRef": superuser.collection.id,
                "recordRef": superuser.id,
                "password": code,
                "sentTo": "",
            }
            otp = await self._new(_collection(tx, OTPS), values)
            await tx.insert(otp)
            return OneTimePassword(otp.id, code, options.otp.duration)

        return await self._store.write(work)

    async def installer(self) -> Record:
        """The superuser behind the installer link, made when it is missing."""

        async def work(tx: Transaction) -> Record:
            found = await self._find(tx, INSTALLER_EMAIL)
            return found or await self._insert(tx, INSTALLER_EMAIL, secrets.token_urlsafe(32))

        return await self._store.write(work)

    async def _insert(self, tx: Transaction, email: str, password: str) -> Record:
        values = {"email": email, "password": password, "verified": True}
        record = await self._new(_collection(tx, SUPERUSERS), values)
        try:
            await tx.insert(record)
        except NotUnique:
            raise BadRequest("", {"email": NOT_UNIQUE}) from None
        installer = await self._find(tx, INSTALLER_EMAIL)
        if installer and email != INSTALLER_EMAIL:
            await tx.delete(installer)
        return record

    async def _change(self, tx: Transaction, found: Record, password: str) -> Record:
        changed = found.copy()
        generated = _filled(found.collection, {}, self._clock())
        changed.values |= {
            "password": found.collection.by_name["password"].cast(password),
            "tokenKey": generated["tokenKey"],
            "updated": generated["updated"],
        }
        _refuse(_problems(found.collection, changed.values, {"password"}))
        await _hash(found.collection, changed.values)
        await tx.update(changed)
        return changed

    async def _new(self, collection: Collection, given: dict[str, Any]) -> Record:
        values = _filled(collection, given, self._clock())
        _refuse(_problems(collection, values, set(values)))
        await _hash(collection, values)
        return Record(collection, values)

    async def _find(self, reads: Reads, email: str) -> Record | None:
        collection = _collection(reads, SUPERUSERS)
        found = await reads.find_by(collection, {"email": email}, ignore_case=True)
        return found[0] if found else None

    async def _get(self, reads: Reads, email: str) -> Record:
        found = await self._find(reads, email)
        if found is None:
            raise NotFound(f"There is no superuser {email}.")
        return found


def _collection(reads: Reads, name: str) -> Collection:
    found = reads.catalog.find(name)
    if found is None:
        raise NotFound(f"The collection {name} is missing.")
    return found


def _filled(collection: Collection, given: dict[str, Any], now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in collection.fields:
        was_set = field.name in given
        value = field.cast(given[field.name]) if was_set else field.zero()
        values[field.name] = field.fill(value, is_new=True, was_set=was_set, now=now)
    return values


def _problems(collection: Collection, values: dict[str, Any], names: set[str]) -> FieldErrors:
    checked = ((n, collection.by_name[n].check(values[n], is_new=True)) for n in names)
    return {name: problem for name, problem in checked if problem}


def _refuse(problems: FieldErrors) -> None:
    if problems:
        raise BadRequest("", problems)


async def _hash(collection: Collection, values: dict[str, Any]) -> None:
    for name, value in values.items():
        field = collection.by_name[name]
        if isinstance(value, PlainPassword) and isinstance(field, PasswordField):
            salt = bcrypt.gensalt(field.bcrypt_cost)
            hashed = await asyncio.to_thread(bcrypt.hashpw, value.text.encode(), salt)
            values[name] = hashed.decode()
