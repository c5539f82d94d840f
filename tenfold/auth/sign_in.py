"""What happens once an account has proved who it is: the same for every way of signing in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tenfold.auth import origins, second_step, tokens
from tenfold.auth.parts import Auth, Caller
from tenfold.errors import Forbidden
from tenfold.filters import check
from tenfold.hooks import AuthEvent
from tenfold.records import parse_shape
from tenfold.schema.actor import Actor, RequestFacts
from tenfold.schema.collection import SUPERUSERS
from tenfold.schema.record import Record

LONGEST_S = 10**12
"""Longer is for ever, and its end would not fit where other software keeps it."""

NOT_ADMITTED = "The request doesn't satisfy the collection requirements to authenticate."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The answer to a sign-in: `token`, `record` and perhaps `meta`, as asked for."""

    body: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class OneStepLeft:
    """The account wants a second way of signing in; come back with this id (401)."""

    mfa_id: str


async def sign_in(
    auth: Auth, caller: Caller, account: Record, method: str, *, meta: Any = None
) -> SignedIn | OneStepLeft:
    """Give an account its token, if its collection lets it in.

    `method` is password, otp or oauth2; `meta` is shown when it is not None.
    Raises: Forbidden (auth rule, address of a superuser), BadRequest (second step).
    """
    await _admit(auth, caller, account, method)
    mfa_id = await second_step.step(auth, caller, account, method)
    if mfa_id:
        return OneStepLeft(mfa_id)
    body = await _body(auth, caller.facts, account, _token(auth, account), meta)
    await origins.note(auth, caller, account)
    return body


async def refresh(auth: Auth, caller: Caller, actor: Actor, token: str) -> SignedIn:
    """A new token for an old one; one that may not be renewed is given back as it is.

    Raises: Forbidden.
    """
    account = actor.record
    await _admit(auth, caller, account, "refresh")
    if actor.token_is_refreshable:
        token = _token(auth, account)
    return await _body(auth, caller.facts, account, token, None)


async def impersonate(auth: Auth, caller: Caller, account: Record, duration_s: int) -> SignedIn:
    """A token for someone else's account that can't be renewed; 0 s: the collection's time."""
    await _admit(auth, caller, account, "impersonate")
    lives_s = min(duration_s, LONGEST_S)
    token = tokens.make(account, "auth", auth.clock(), duration_s=lives_s, refreshable=False)
    return await _body(auth, caller.facts, account, token, None)


async def _admit(auth: Auth, caller: Caller, account: Record, method: str) -> None:
    if account.collection.name == SUPERUSERS:
        auth.admit_superuser(caller.client_ip)
    if not await _passes_auth_rule(auth, caller.facts, account):
        raise Forbidden(NOT_ADMITTED)
    if auth.hooks.has("auth", account.collection):
        event = AuthEvent(
            collection=account.collection, record=account, method=method, request=caller.facts
        )
        await auth.hooks.authenticated(event)


async def _passes_auth_rule(auth: Auth, facts: RequestFacts, account: Record) -> bool:
    if facts.is_superuser:
        return True
    rule = account.collection.auth.auth_rule if account.collection.auth else None
    if rule is None:
        return False
    if not rule.strip():
        return True
    checked = check(rule, account.collection, auth.store.catalog, hidden_allowed=True)
    return await auth.store.holds((checked, facts), account)


def _token(auth: Auth, account: Record) -> str:
    return tokens.make(account, "auth", auth.clock(), refreshable=True)


async def _body(
    auth: Auth, facts: RequestFacts, account: Record, token: str, meta: Any
) -> SignedIn:
    """The account as it sees itself, beside its token."""
    actor = Actor(account, account.collection.name == SUPERUSERS)
    expand = {"expand": facts.query.get("expand", "")}
    as_account = msgspec.structs.replace(facts, actor=actor)
    shown = await auth.presenter.present(auth.store, [account], as_account, expand)
    body = {"record": shown[0], "token": token}
    if meta is not None:
        body["meta"] = meta
    shape = parse_shape(facts.query.get("fields", ""))
    return SignedIn(shape.pick(body) if shape else body)
