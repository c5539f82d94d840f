"""Give an account to whoever proves to own its e-mail address.

Anyone may register a stranger's address and wait for its owner to sign in by mail or by a
provider. So what was set up before the address was proven does not outlive the proof: the
password, all tokens, and accounts linked at providers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenfold.auth import accounts, linked, second_step
from tenfold.auth.parts import Auth, Caller
from tenfold.schema.record import Record
from tenfold.store.contract import Transaction


@dataclass(frozen=True, slots=True)
class Reclaim:
    """Whether an account is to be taken from whoever set it up, and the password it gets."""

    password_hash: str = ""

    async def apply(self, tx: Transaction, account: Record) -> dict[str, Any]:
        """Unlink the providers; the values to set on the account."""
        if not self.password_hash:
            return {}
        await linked.remove(tx, account, linked.EXTERNAL_AUTHS)
        return {"password": self.password_hash}


async def reclaim(auth: Auth, caller: Caller, account: Record, method: str) -> Reclaim:
    """Decide it before the transaction, for the new password has to be hashed.

    A caller who has taken the account's other step already knows its secret, and keeps it.
    Raises: Unavailable.
    """
    if account["verified"] or not account["email"]:
        return Reclaim()
    if await second_step.has_first_step(auth, caller, account, method):
        return Reclaim()
    return Reclaim(await accounts.random_password_hash(auth, account.collection))
