"""What the auth tests ask, and what the mails say."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.differential.auth_seed import PASSWORD, AuthPair
from tests.differential.pair import Ask
from tests.unit.mail.smtp_server import Inbox

MEMBERS = "/api/collections/members"
_TOKEN = re.compile(r"/(ey[\w-]+\.[\w-]+\.[\w-]+)")


def post(path: str, body: Any = None, **more: Any) -> Ask:
    return Ask("POST", path if path.startswith("/") else f"{MEMBERS}/{path}", json=body, **more)


def sign_in(collection: str, identity: str, password: str = PASSWORD, **more: Any) -> Ask:
    path = f"/api/collections/{collection}/auth-with-password"
    return post(path, {"identity": identity, "password": password, **more})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": token}


def signed_in(auth: AuthPair, who: str, collection: str = "members") -> dict[str, str]:
    """A header by which either server takes the caller for an account of its own."""
    both = auth.pair.same(sign_in(collection, f"{who}@example.com"))
    auth.pair.bind(f"token-{who}", both, "token")
    return bearer(f"<token-{who}>")


def mails(auth: AuthPair, count: int = 1) -> list[tuple[str, str]]:
    """The last mail of each server, its token aside: the same but for the design; the tokens."""
    return [_mail(inbox, count) for inbox in auth.inboxes]


def _mail(inbox: Inbox, count: int) -> tuple[str, str]:
    deadline = time.monotonic() + 10
    while len(inbox.mails) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    mail = inbox.mails[-1]
    inbox.mails.clear()
    html = mail.get_body(("html",))
    assert html is not None
    text = html.get_content().partition("<body>")[2]
    shown = f"{mail['From']}|{mail['To']}|{mail['Subject']}|{_TOKEN.sub('/TOKEN', text)}"
    found = _TOKEN.search(text)
    return " ".join(shown.split()), found[1] if found else ""


def mailed_token(auth: AuthPair, name: str) -> None:
    """Compare the mails just sent; `<name>` becomes the token in each."""
    (their_mail, their_token), (our_mail, our_token) = mails(auth)
    assert our_mail == their_mail
    for side, token in zip(auth.pair.sides, (their_token, our_token), strict=True):
        side.names[name] = token


def no_mail(auth: AuthPair) -> None:
    time.sleep(0.3)
    assert [len(inbox.mails) for inbox in auth.inboxes] == [0, 0]
