"""Which account a provider's user signs in to: linked, signed in, of the same address, or new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tenfold.auth import accounts, linked
from tenfold.auth.forms import NOT_UNIQUE
from tenfold.auth.oauth2.client import OAuth2Client
from tenfold.auth.oauth2.new_account import create_account
from tenfold.auth.oauth2.profile import OAuth2User
from tenfold.auth.parts import Auth, Caller
from tenfold.auth.reclaim import Reclaim, reclaim
from tenfold.errors import BadRequest
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.schema.values.faults import REQUIRED
from tenfold.store.contract import NotUnique, Transaction

FAILED = "Failed to authenticate."
METHOD = "oauth2"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Someone who comes from a provider; `create_data` is for an account not there yet."""

    collection: Collection
    provider: str
    user: OAuth2User
    create_data: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def link(self) -> dict[str, str]:
        """How the user is known among all links of the collection."""
        return {
            "collectionRef": self.collection.id,
            "provider": self.provider,
            "providerId": self.user.id,
        }


async def find_or_create(
    auth: Auth, client: OAuth2Client, caller: Caller, arrival: Arrival
) -> tuple[Record, bool]:
    """The account, linked to the provider's user from now on, and whether it is new.

    Raises: BadRequest, Forbidden (no create rule), Unavailable.
    """
    if not arrival.user.id:
        raise BadRequest(FAILED, {"providerId": REQUIRED})
    own = _own_account(caller, arrival.collection)
    account = (
        await _linked_account(auth, arrival)
        or own
        or await accounts.find_by_email(auth.store, arrival.collection, arrival.user.email)
    )
    if account is None:
        return await _create(auth, client, caller, arrival), True
    is_own = own is not None and own.id == account.id
    taken = Reclaim() if is_own else await reclaim(auth, caller, account, METHOD)
    return await _update(auth, caller, arrival, account, taken), False


async def _create(auth: Auth, client: OAuth2Client, caller: Caller, arrival: Arrival) -> Record:
    user = arrival.user

    async def then(tx: Transaction, record: Record) -> None:
        if not record["verified"] and user.email and record["email"] == user.email:
            record.values["verified"] = True
            await tx.update(record)
        await _link(auth, tx, arrival, record)

    return await create_account(
        auth, client, caller, arrival.collection, user, arrival.create_data, then
    )


async def _update(
    auth: Auth, caller: Caller, arrival: Arrival, account: Record, taken: Reclaim
) -> Record:
    """Take over what the provider vouches for, and link the account if it is not yet."""
    facts = msgspec.structs.replace(caller.facts, context=METHOD)

    async def work(tx: Transaction) -> Record:
        current = await tx.find(arrival.collection, account.id)
        if current is None or current["email"] != account["email"]:
            raise BadRequest(FAILED)
        values = await taken.apply(tx, current) | _vouched_for(arrival.user, current)
        if values:
            current = await accounts.change(auth, tx, current, values, facts, message=FAILED)
        if not await linked.of(
            tx,
            linked.EXTERNAL_AUTHS,
            current,
            provider=arrival.provider,
            providerId=arrival.user.id,
        ):
            await _link(auth, tx, arrival, current)
        return current

    return await auth.write(work)


def _vouched_for(user: OAuth2User, account: Record) -> dict[str, Any]:
    """The address, where the account has none, and that it is verified."""
    values: dict[str, Any] = {}
    if not user.email:
        return values
    if not account["email"]:
        values["email"] = user.email
    if not account["verified"] and account["email"] in ("", user.email):
        values["verified"] = True
    return values


async def _link(auth: Auth, tx: Transaction, arrival: Arrival, account: Record) -> None:
    made = {"provider": arrival.provider, "providerId": arrival.user.id}
    link = linked.draft(tx, linked.EXTERNAL_AUTHS, account, auth.now(), **made)
    try:
        await tx.insert(link)
    except NotUnique as error:
        raise BadRequest(FAILED, {name: NOT_UNIQUE for name in error.columns}) from error


async def _linked_account(auth: Auth, arrival: Arrival) -> Record | None:
    links = linked.collection(auth.store, linked.EXTERNAL_AUTHS)
    for link in await auth.store.find_by(links, arrival.link):
        account = await auth.store.find(arrival.collection, link["recordRef"])
        if account is not None:
            return account
    return None


def _own_account(caller: Caller, collection: Collection) -> Record | None:
    actor = caller.facts.actor
    if actor is None or actor.record.collection.id != collection.id:
        return None
    return actor.record
