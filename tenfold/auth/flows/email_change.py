"""Change an account's e-mail address by a link sent to the new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.auth import accounts, forms, tokens
from tenfold.auth.mails import email_change_mail
from tenfold.auth.parts import Auth
from tenfold.auth.throttle import may_send
from tenfold.errors import BadRequest, FieldError
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import SUPERUSERS, Collection
from tenfold.schema.record import Record
from tenfold.schema.values.faults import REQUIRED
from tenfold.store.contract import Transaction

DIRECTLY = "All superusers can change their emails directly."
FAILED = "Failed to confirm email change."
MAX_PASSWORD = 100

SAME_EMAIL = FieldError("validation_not_in_invalid", "Must not be in list.")
TAKEN = FieldError("validation_invalid_new_email", "Invalid new email address.")
NO_NEW_EMAIL = FieldError(
    "validation_invalid_token_payload", "Invalid token payload - newEmail must be set."
)
TAKEN_MEANWHILE = FieldError("validation_invalid_token_email", "The new email address is invalid.")
BAD_PASSWORD = FieldError("validation_invalid_password", "Missing or invalid auth record password.")


async def request_email_change(auth: Auth, account: Record, body: Mapping[str, Any]) -> None:
    """Mail the link to the new address. Raises: BadRequest, also for addresses in use."""
    if account.collection.name == SUPERUSERS:
        raise BadRequest(DIRECTLY)
    new_email = forms.text(body, "newEmail")
    fault = forms.required_email(new_email)
    if fault is None and new_email == account["email"]:
        fault = SAME_EMAIL
    if fault is None and await _is_taken(auth, account.collection, new_email):
        fault = TAKEN
    forms.refuse(newEmail=fault)
    if may_send(auth, f"email-change:{new_email}", account):
        auth.background.start(email_change_mail(auth, account, new_email), "an e-mail change mail")


async def confirm_email_change(
    auth: Auth, collection: Collection, body: Mapping[str, Any], facts: RequestFacts
) -> None:
    """Set the address that a mailed token names, given the account's password.

    All older tokens of the account end. Raises: BadRequest, Unavailable.
    """
    if collection.name == SUPERUSERS:
        raise BadRequest(DIRECTLY)
    token, password = forms.text(body, "token"), forms.text(body, "password")
    proof, fault = await _prove(auth, collection, token)
    password_fault = forms.required(password, most=MAX_PASSWORD)
    if password_fault is None and not await _is_right(auth, proof, password):
        password_fault = BAD_PASSWORD
    forms.refuse(token=fault, password=password_fault)
    assert proof is not None

    async def work(tx: Transaction) -> None:
        account = await tx.find(collection, proof.record.id)
        if account is None or not tokens.is_signed_by(token, account, "emailChange"):
            forms.refuse(token=forms.BAD_TOKEN)
            return
        values = {"email": proof.claims.new_email, "verified": True}
        await accounts.change(auth, tx, account, values, facts, message=FAILED)

    await auth.write(work)


async def _is_taken(auth: Auth, collection: Collection, email: str) -> bool:
    return await accounts.find_by_email(auth.store, collection, email) is not None


async def _is_right(auth: Auth, proof: tokens.Proof | None, password: str) -> bool:
    return proof is not None and await auth.passwords.verify(password, proof.record["password"])


async def _prove(
    auth: Auth, collection: Collection, token: str
) -> tuple[tokens.Proof | None, FieldError | None]:
    """The token's proof, or what is wrong with it."""
    if not token:
        return None, REQUIRED
    claims = tokens.peek(token)
    if claims is None or not claims.new_email or not isinstance(claims.new_email, str):
        return None, NO_NEW_EMAIL
    proof = await tokens.prove(token, "emailChange", auth.store, auth.clock())
    if proof is None:
        return None, forms.BAD_TOKEN
    if proof.record.collection.id != collection.id:
        return None, forms.OTHER_COLLECTION
    if await _is_taken(auth, collection, claims.new_email):
        return None, TAKEN_MEANWHILE
    return proof, None
