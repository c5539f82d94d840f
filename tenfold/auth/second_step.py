"""Two ways of signing in, one after the other, where a collection asks for both."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenfold.auth import linked
from tenfold.auth.parts import Auth, Caller
from tenfold.errors import BadRequest
from tenfold.filters import check
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text
from tenfold.store.contract import Conflict, Reads, Transaction

EXPIRED = "Invalid or expired MFA session."
FOREIGN = "Invalid MFA session."
SAME_METHOD = "A different authentication method is required."
UNREADABLE = "Failed to read MFA Id."


async def step(auth: Auth, caller: Caller, account: Record, method: str) -> str:
    """The id to come back with, or "" when no (other) step is needed.

    Raises: BadRequest when the first step that the caller names does not count.
    """
    options = account.collection.auth
    if options is None or not options.mfa.enabled:
        return ""
    if not await _is_wanted(auth.store, caller, account, options.mfa.rule):
        return ""
    mfa_id = _mfa_id(caller)
    if mfa_id:
        await _finish(auth, account, method, mfa_id)
        return ""

    async def begin(tx: Transaction) -> str:
        mfa = linked.draft(tx, linked.MFAS, account, auth.now(), method=method)
        await tx.insert(mfa)
        return mfa.id

    return await auth.write(begin)


async def has_first_step(auth: Auth, caller: Caller, account: Record, method: str) -> bool:
    """Whether the caller names a first step after which this one may come."""
    options, mfa_id = account.collection.auth, _mfa_id(caller)
    if options is None or not options.mfa.enabled or not mfa_id:
        return False
    mfa = await auth.store.find(linked.collection(auth.store, linked.MFAS), mfa_id)
    if mfa is None or mfa["method"] == method or _has_ended(account, mfa, auth.now()):
        return False
    return all(mfa[name] == value for name, value in linked.reference(account).items())


async def clean_mfas(auth: Auth) -> None:
    """Remove first steps that no second one may follow any more."""

    async def work(tx: Transaction) -> None:
        await linked.remove_ended(tx, linked.MFAS, auth.now(), lambda had: had.mfa.duration)

    await auth.write(work)


async def _is_wanted(reads: Reads, caller: Caller, account: Record, rule: str) -> bool:
    if not rule.strip():
        return True
    checked = check(rule, account.collection, reads.catalog, hidden_allowed=True)
    return await reads.holds((checked, caller.facts), account)


def _mfa_id(caller: Caller) -> str:
    given = caller.query.get("mfaId") or caller.body.get("mfaId") or ""
    if not isinstance(given, str):
        raise BadRequest(UNREADABLE)
    return given


async def _finish(auth: Auth, account: Record, method: str, mfa_id: str) -> None:
    """Use a first step up; it counts once."""
    mfa = await auth.store.find(linked.collection(auth.store, linked.MFAS), mfa_id)
    if mfa is None:
        raise BadRequest(EXPIRED)
    if _has_ended(account, mfa, auth.now()):
        raise BadRequest(EXPIRED)
    if any(mfa[name] != value for name, value in linked.reference(account).items()):
        raise BadRequest(FOREIGN)
    if mfa["method"] == method:
        raise BadRequest(SAME_METHOD)
    try:
        await auth.store.write(lambda tx: tx.delete(mfa))
    except Conflict as error:
        raise BadRequest(EXPIRED) from error


def _has_ended(account: Record, mfa: Record, now: datetime) -> bool:
    seconds = account.collection.auth.mfa.duration if account.collection.auth else 0
    return mfa["created"] < date_text(now - timedelta(seconds=seconds))
