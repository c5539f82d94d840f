"""How often mails go to one account: nobody's inbox is flooded on request."""

from __future__ import annotations

from tenfold.auth.parts import Auth
from tenfold.schema.record import Record

PAUSE_S = 120.0


def may_send(auth: Auth, kind: str, account: Record) -> bool:
    """Whether a mail of a kind may go out again; counts as one that did."""
    return auth.hit(f"mail:{kind}:{account.collection.id}:{account.id}", 1, PAUSE_S)
