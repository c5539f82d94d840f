"""Set a new password by a link sent to the account's e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.auth import accounts, forms, tokens
from tenfold.auth.flows.password import SWITCHED_OFF
from tenfold.auth.mails import password_reset_mail
from tenfold.auth.parts import Auth
from tenfold.auth.throttle import may_send
from tenfold.errors import BadRequest, FieldError
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.fields.password import PasswordField, PlainPassword
from tenfold.schema.record import Record
from tenfold.schema.values.faults import REQUIRED
from tenfold.store.contract import Transaction

FAILED = "Failed to set new password."


async def request_password_reset(
    auth: Auth, collection: Collection, body: Mapping[str, Any]
) -> None:
    """Mail the link, if there is such an account: the answer does not tell.

    Raises: BadRequest.
    """
    if collection.auth is None or not collection.auth.password_auth.enabled:
        raise BadRequest(SWITCHED_OFF)
    email = forms.text(body, "email")
    forms.refuse(email=forms.required_email(email))
    account = await accounts.find_by_email(auth.store, collection, email)
    if account is not None and may_send(auth, "password-reset", account):
        auth.background.start(password_reset_mail(auth, account), "a password reset mail")


async def confirm_password_reset(
    auth: Auth, collection: Collection, body: Mapping[str, Any], facts: RequestFacts
) -> None:
    """Set a new password by the token that was mailed; its address counts as verified.

    All older tokens of the account end. Raises: BadRequest, Unavailable.
    """
    token, password, again = (
        forms.text(body, key) for key in ("token", "password", "passwordConfirm")
    )
    field = collection.by_name["password"]
    assert isinstance(field, PasswordField)
    proof, fault = await _prove(auth, collection, token)
    forms.refuse(
        token=fault,
        password=forms.required(password, least=max(1, field.min)),
        passwordConfirm=_confirmation_fault(password, again),
    )
    forms.refuse(FAILED, password=field.check(PlainPassword(password), is_new=False))
    assert proof is not None
    hashed = await auth.passwords.hash(password, field.bcrypt_cost)

    async def work(tx: Transaction) -> None:
        account = await tx.find(collection, proof.record.id)
        # The token ends with the first password it sets, also when two come at once.
        if account is None or not tokens.is_signed_by(token, account, "passwordReset"):
            forms.refuse(token=forms.BAD_TOKEN)
            return
        values = {"password": hashed} | _verified(account, proof)
        await accounts.change(auth, tx, account, values, facts, message=FAILED)

    await auth.write(work)


def _verified(account: Record, proof: tokens.Proof) -> dict[str, Any]:
    """Whoever could read the mail owns the address it was sent to."""
    return {"verified": True} if account["email"] == proof.claims.email else {}


async def _prove(
    auth: Auth, collection: Collection, token: str
) -> tuple[tokens.Proof | None, FieldError | None]:
    if not token:
        return None, REQUIRED
    proof = await tokens.prove(token, "passwordReset", auth.store, auth.clock())
    if proof is None:
        return None, forms.BAD_TOKEN
    if proof.record.collection.id != collection.id:
        return None, forms.OTHER_COLLECTION
    return proof, None


def _confirmation_fault(password: str, again: str) -> FieldError | None:
    if not again:
        return REQUIRED
    return None if again == password else forms.NOT_EQUAL
