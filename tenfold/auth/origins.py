"""Known places of sign-in, and the mail that tells of a new one."""

from __future__ import annotations

from hashlib import md5

from tenfold.auth import linked
from tenfold.auth.mails import alert_mail
from tenfold.auth.parts import Auth, Caller
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text
from tenfold.store.contract import Transaction

MOST_KEPT = 5
MAX_AGENT = 300


async def note(auth: Auth, caller: Caller, account: Record) -> None:
    """Remember where an account signs in from; tell its owner when the place is new.

    The first sign-in of all is no news. At most five places are kept.
    """
    options = account.collection.auth
    if options is None or not options.auth_alert.enabled:
        return
    agent = caller.user_agent[:MAX_AGENT]

    async def work(tx: Transaction) -> bool:
        return await _keep(auth, tx, account, fingerprint(caller.client_ip, agent))

    is_news = await auth.write(work)
    if is_news and account["email"]:
        place = f"{date_text(auth.now())} - {caller.client_ip} {agent}"
        auth.background.start(alert_mail(auth, account, place), "a sign-in alert")


def fingerprint(client_ip: str, user_agent: str) -> str:
    """What a place of sign-in is known by: as in PocketBase, so that imported ones stay known."""
    return md5(f"{client_ip}{user_agent}".encode(), usedforsecurity=False).hexdigest()


async def _keep(auth: Auth, tx: Transaction, account: Record, print_: str) -> bool:
    """Store the place; whether it is new and not the first."""
    known = await linked.of(tx, linked.ORIGINS, account)
    now = auth.now()
    for origin in known:
        if origin["fingerprint"] == print_:
            again = origin.copy()
            again.values["updated"] = date_text(now)
            await tx.update(again)
            return False
    known.sort(key=lambda origin: (origin["updated"], origin.rev))
    for stale in known[: max(0, len(known) - MOST_KEPT + 1)]:
        await tx.delete(stale)
    await tx.insert(linked.draft(tx, linked.ORIGINS, account, now, fingerprint=print_))
    return bool(known)
