"""One-time passwords by mail: ask for one, and sign in with it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tenfold.auth import accounts, forms, linked
from tenfold.auth.mails import otp_mail
from tenfold.auth.parts import Auth, Caller
from tenfold.auth.reclaim import reclaim
from tenfold.auth.sign_in import OneStepLeft, SignedIn, sign_in
from tenfold.errors import BadRequest, Forbidden, TooManyRequests
from tenfold.mail import MailFailed
from tenfold.schema.auth_options import OTP
from tenfold.schema.collection import Collection
from tenfold.schema.fields.password import PasswordField
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text
from tenfold.store.contract import Conflict, Transaction

METHOD = "otp"
SWITCHED_OFF = "The collection is not configured to allow OTP authentication."
WRONG = "Invalid or expired OTP."
TOO_MANY = "Too many attempts, please try again later with a new OTP."

MAX_ATTEMPTS = 5
ATTEMPTS_WINDOW_S = 180.0
MOST_AT_A_TIME = 10
MAX_PASSWORD = 71


async def request_otp(auth: Auth, collection: Collection, body: Mapping[str, Any]) -> str:
    """The id of a new one-time password, which goes to the address by mail.

    For unknown addresses the answer is the same, and as fast: what takes time is done after
    it. Raises: Forbidden (not offered), BadRequest.
    """
    _options(collection)
    email = forms.text(body, "email")
    forms.refuse(email=forms.required_email(email))
    account = await accounts.find_by_email(auth.store, collection, email)
    otp_id = linked.new_id(auth.store, linked.OTPS, auth.now())
    if account is not None:
        auth.background.start(_issue(auth, account, otp_id), "a one-time password")
    return otp_id


async def auth_with_otp(
    auth: Auth, collection: Collection, caller: Caller
) -> SignedIn | OneStepLeft:
    """Sign in by what came by mail; each one-time password counts once.

    Whoever can read the mail owns its address, so that is verified then. Raises: Forbidden
    (not offered, not admitted), BadRequest, TooManyRequests, Unavailable.
    """
    _options(collection)
    otp_id, password = forms.text(caller.body, "otpId"), forms.text(caller.body, "password")
    forms.refuse(otpId=forms.required(otp_id), password=forms.required(password, most=MAX_PASSWORD))
    otp, account = await _find(auth, collection, otp_id)
    _count(auth, collection, account.id if account else otp_id)
    if otp is None or account is None:
        await auth.passwords.pretend(password, _cost(linked.collection(auth.store, linked.OTPS)))
        raise BadRequest(WRONG)
    if not await auth.passwords.verify(password, otp["password"]):
        raise BadRequest(WRONG)
    account = await _use(auth, caller, otp, account)
    return await sign_in(auth, caller, account, METHOD)


async def clean_otps(auth: Auth) -> None:
    """Remove one-time passwords that have ended."""

    async def work(tx: Transaction) -> None:
        await linked.remove_ended(tx, linked.OTPS, auth.now(), lambda had: had.otp.duration)

    await auth.write(work)


async def _issue(auth: Auth, account: Record, otp_id: str) -> None:
    """Store a one-time password and mail it; without the mail it is of no use to anyone."""
    options = _options(account.collection)
    if await _is_flooded(auth, account, options):
        return
    code = "".join(secrets.choice("0123456789") for _ in range(options.length))
    kind = linked.collection(auth.store, linked.OTPS)
    otp = linked.draft(
        auth.store,
        linked.OTPS,
        account,
        auth.now(),
        id=otp_id,
        password=await auth.passwords.hash(code, _cost(kind)),
        sentTo=account["email"],
    )
    await auth.write(lambda tx: tx.insert(otp))
    try:
        await otp_mail(auth, account, otp_id, code)
    except MailFailed:
        await _remove(auth, otp)
        raise


async def _is_flooded(auth: Auth, account: Record, options: OTP) -> bool:
    """Whether so many wait to be used that another mail would help nobody."""
    ended = date_text(auth.now() - timedelta(seconds=options.duration))
    waiting = await linked.of(auth.store, linked.OTPS, account)
    return sum(otp["created"] > ended for otp in waiting) >= MOST_AT_A_TIME


async def _find(
    auth: Auth, collection: Collection, otp_id: str
) -> tuple[Record | None, Record | None]:
    """A one-time password that has not ended, and its account in the collection."""
    otp = await auth.store.find(linked.collection(auth.store, linked.OTPS), otp_id)
    if otp is None or otp["collectionRef"] != collection.id:
        return None, None
    account = await auth.store.find(collection, otp["recordRef"])
    ended = date_text(auth.now() - timedelta(seconds=_options(collection).duration))
    return (otp if otp["created"] > ended else None), account


async def _use(auth: Auth, caller: Caller, otp: Record, account: Record) -> Record:
    """Use it up; the account, whose address is verified if the mail went there."""
    is_proof = bool(otp["sentTo"]) and otp["sentTo"] == account["email"]
    taken = await reclaim(auth, caller, account, METHOD) if is_proof else None

    async def work(tx: Transaction) -> Record:
        try:
            await tx.delete(otp)
        except Conflict as error:
            raise BadRequest(WRONG) from error
        current = await tx.find(account.collection, account.id)
        if current is None or current["tokenKey"] != account["tokenKey"]:
            raise BadRequest(WRONG)
        if taken is None or current["verified"]:
            return current
        values = {"verified": True, **await taken.apply(tx, current)}
        return await accounts.change(auth, tx, current, values, caller.facts, message=WRONG)

    return await auth.write(work)


async def _remove(auth: Auth, otp: Record) -> None:
    try:
        await auth.store.write(lambda tx: tx.delete(otp))
    except Conflict:
        return


def _count(auth: Auth, collection: Collection, whose: str) -> None:
    """Raises: TooManyRequests. Unknown ids are counted too, or they could be told apart."""
    if not auth.hit(f"otp:{collection.id}:{whose}", MAX_ATTEMPTS, ATTEMPTS_WINDOW_S):
        raise TooManyRequests(TOO_MANY)


def _options(collection: Collection) -> OTP:
    options = collection.auth.otp if collection.auth else OTP()
    if not options.enabled:
        raise Forbidden(SWITCHED_OFF)
    return options


def _cost(kind: Collection) -> int:
    field = kind.by_name.get("password")
    return field.bcrypt_cost if isinstance(field, PasswordField) else 8
