"""Sign in with an e-mail address (or another identity) and a password."""

from __future__ import annotations

from collections.abc import Iterable

from tenfold.auth import accounts, forms
from tenfold.auth.parts import Auth, Caller
from tenfold.auth.sign_in import OneStepLeft, SignedIn, sign_in
from tenfold.errors import BadRequest, Forbidden
from tenfold.schema.auth_options import PasswordAuth
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.schema.values.formats import is_email

FAILED = "Failed to authenticate."
SWITCHED_OFF = "The collection is not configured to allow password authentication."


async def auth_with_password(
    auth: Auth, collection: Collection, caller: Caller
) -> SignedIn | OneStepLeft:
    """Sign an account in by what its owner knows.

    Raises: Forbidden (not offered, not admitted), BadRequest (form; wrong; no such account,
    which takes as long), Unavailable when too many sign in at once.
    """
    options = collection.auth.password_auth if collection.auth else PasswordAuth(enabled=False)
    if not options.enabled:
        raise Forbidden(SWITCHED_OFF)
    identity, password, name = (
        forms.text(caller.body, key) for key in ("identity", "password", "identityField")
    )
    forms.refuse(
        identity=forms.required(identity),
        password=forms.required(password),
        identityField=forms.NOT_IN if name and name not in options.identity_fields else None,
    )
    names = [name] if name else _in_order(options.identity_fields, identity)
    account = await _find(auth, collection, names, identity)
    if account is None:
        await auth.passwords.pretend(password, accounts.password_cost(collection))
        raise BadRequest(FAILED)
    if not await auth.passwords.verify(password, account["password"]):
        raise BadRequest(FAILED)
    return await sign_in(auth, caller, account, "password")


def _in_order(fields: Iterable[str], identity: str) -> list[str]:
    """What looks like an e-mail address is looked for among these first."""
    first = "email" if is_email(identity) else ""
    return sorted(fields, key=lambda name: name != first)


async def _find(
    auth: Auth, collection: Collection, names: Iterable[str], identity: str
) -> Record | None:
    for name in names:
        if name in collection.by_name:
            found = await accounts.find_by(auth.store, collection, name, identity)
            if found is not None:
                return found
    return None
