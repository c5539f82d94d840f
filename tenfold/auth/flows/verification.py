"""Verify an account's e-mail address by a link sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.auth import accounts, forms, tokens
from tenfold.auth.mails import verification_mail
from tenfold.auth.parts import Auth
from tenfold.auth.throttle import may_send
from tenfold.errors import BadRequest, FieldError
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import SUPERUSERS, Collection
from tenfold.store.contract import Transaction

ALWAYS = "All superusers are verified by default."
FAILED = "Failed to verify the account."

NO_EMAIL = FieldError("validation_invalid_token_claims", "Missing email token claim.")
OTHER_EMAIL = FieldError(
    "validation_token_email_mismatch",
    "The record email doesn't match with the requested token claims.",
)


async def request_verification(auth: Auth, collection: Collection, body: Mapping[str, Any]) -> None:
    """Mail the link, if there is such an unverified account: the answer does not tell.

    Raises: BadRequest.
    """
    _refuse_superusers(collection)
    email = forms.text(body, "email")
    forms.refuse(email=forms.required_email(email))
    account = await accounts.find_by_email(auth.store, collection, email)
    if account is None or account["verified"] or not may_send(auth, "verification", account):
        return
    auth.background.start(verification_mail(auth, account), "a verification mail")


async def confirm_verification(
    auth: Auth, collection: Collection, body: Mapping[str, Any], facts: RequestFacts
) -> None:
    """Take an address as verified by the token that was sent to it. Raises: BadRequest."""
    _refuse_superusers(collection)
    token = forms.text(body, "token")
    proof, fault = await _check(auth, collection, token)
    if proof is None:
        forms.refuse(token=fault)
        return
    if proof.record["verified"]:
        return

    async def work(tx: Transaction) -> None:
        account = await tx.find(collection, proof.record.id)
        if account is None or account["email"] != proof.claims.email:
            raise BadRequest(FAILED)
        await accounts.change(auth, tx, account, {"verified": True}, facts, message=FAILED)

    await auth.write(work)


async def _check(
    auth: Auth, collection: Collection, token: str
) -> tuple[tokens.Proof | None, FieldError | None]:
    if not token:
        return None, forms.required(token)
    claims = tokens.peek(token)
    if claims is None or not claims.email:
        return None, NO_EMAIL
    proof = await tokens.prove(token, "verification", auth.store, auth.clock())
    if proof is None:
        return None, forms.BAD_TOKEN
    if proof.record.collection.id != collection.id:
        return None, forms.OTHER_COLLECTION
    if proof.record["email"] != proof.claims.email:
        return None, OTHER_EMAIL
    return proof, None


def _refuse_superusers(collection: Collection) -> None:
    if collection.name == SUPERUSERS:
        raise BadRequest(ALWAYS)
