"""Auth collections, accounts and forged tokens that both servers hold."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.differential.pair import Pair
from tests.differential.planting import TALLY, copy_data, expect_success
from tests.differential.seed import field, record_id
from tests.targets import PocketBase, Tenfold
from tests.unit.mail.smtp_server import Inbox, in_thread

PASSWORD = "a-long-password-1"
ACCOUNTS = 24
CHEAP = 5
"""Hashes take no time worth waiting for."""


def _auth(name: str, **options: Any) -> dict[str, Any]:
    given = {"authAlert": {"enabled": False}, "listRule": "", "viewRule": ""} | options
    quick = field("password", "password", cost=CHEAP, min=8, required=True, hidden=True)
    fields = [quick, field("text", "name"), *given.pop("fields", [])]
    return {"id": record_id(name), "name": name, "type": "auth", "fields": fields, **given}


COLLECTIONS = [
    _auth(
        "members",
        fields=[field("text", "secret", hidden=True), field("text", "role")],
        createRule="",
        updateRule="id = @request.auth.id || @request.auth.role = 'boss'",
        deleteRule="id = @request.auth.id",
        manageRule="@request.auth.role = 'boss'",
    ),
    _auth("verifieds", authRule="verified = true"),
    _auth("closed", authRule=None),
    _auth("ruled", authRule="@request.context = 'password' && @request.body.name = 'x'"),
    _auth("nopassword", passwordAuth={"enabled": False}, otp={"enabled": True}),
    _auth("alerted", authAlert={"enabled": True}),
    _auth("twostep", mfa={"enabled": True, "duration": 600}, otp={"enabled": True}),
    _auth("mayberule", mfa={"enabled": True, "rule": "name = 'two'"}, otp={"enabled": True}),
    _auth(
        "named",
        fields=[field("text", "username"), field("text", "nick")],
        indexes=[
            "CREATE UNIQUE INDEX `named_username` ON `named` (`username` COLLATE NOCASE)",
            "CREATE UNIQUE INDEX `named_nick` ON `named` (`nick`)",
        ],
        passwordAuth={"enabled": True, "identityFields": ["email", "username", "nick"]},
    ),
    {"id": record_id("plain"), "name": "plain", "type": "base", "fields": [field("text", "t")]},
]


def email(number: int) -> str:
    return f"m{number}@example.com"


def account_id(name: str) -> str:
    return name.ljust(15, "z")


def _account(name: str, **more: Any) -> dict[str, Any]:
    confirmed = {"password": PASSWORD, "passwordConfirm": PASSWORD}
    return {"id": account_id(name), "email": f"{name}@example.com", "name": name} | confirmed | more


RECORDS: dict[str, list[dict[str, Any]]] = {
    "members": [
        *(_account(f"m{n}", secret="s", role="boss" if n == 0 else "") for n in range(ACCOUNTS))
    ],
    "verifieds": [_account("va", verified=True), _account("vb")],
    "closed": [_account("ca")],
    "ruled": [_account("ra")],
    "nopassword": [_account("na")],
    "alerted": [_account("aa"), _account("ab")],
    "twostep": [_account("ta"), _account("tb")],
    "mayberule": [_account("two"), _account("one")],
    "named": [
        _account("xa", email="Me@example.com", username="Bob", nick="nick"),
        _account(
            "xb",
            username="Me@example.com",
            nick="other",
            password="87654321x",
            passwordConfirm="87654321x",
        ),
    ],
    "plain": [{"id": record_id("p"), "t": "x"}],
}


@dataclass
class Forge:
    """Makes tokens with the secrets that both servers share."""

    secrets: dict[str, dict[str, Any]]
    token_keys: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> Forge:
        with closing(sqlite3.connect(folder / "data.db")) as db:
            options = db.execute("SELECT name, options FROM _collections WHERE type = 'auth'")
            secrets = {name: json.loads(text) for name, text in options}
            keys: dict[str, str] = {}
            for name in [*RECORDS.keys() - {"plain"}, "_superusers"]:
                keys |= dict(db.execute(f"SELECT id, tokenKey FROM {name}"))
        return cls(secrets, keys)

    def token(self, collection: str, account: str, kind: str, **claims: Any) -> str:
        """A token that is right but for what `claims` change; `None` leaves a claim out."""
        known = {
            "authToken": "auth",
            "verificationToken": "verification",
            "passwordResetToken": "passwordReset",
            "emailChangeToken": "emailChange",
        }
        right = {
            "id": account_id(account),
            "collectionId": record_id(collection),
            "type": known[kind],
            "exp": int(time.time()) + 600,
        }
        body = {k: v for k, v in (right | claims).items() if v is not None}
        secret = self.secrets[collection][kind]["secret"]
        key = OctKey.import_key(self.token_keys[account_id(account)] + secret)
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, body, key)


@dataclass
class AuthPair:
    """The two servers, what each has mailed, and their secrets."""

    pair: Pair
    inboxes: tuple[Inbox, Inbox]
    forge: Forge


@contextmanager
def auth_servers(folder: Path) -> Generator[AuthPair]:
    """A pair of its own: mails, sign-ins and changed passwords disturb no other test."""
    theirs = PocketBase(folder / "pocketbase")
    with theirs, httpx.Client(base_url=theirs.url, timeout=30) as client:
        client.headers["Authorization"] = theirs.token
        for collection in COLLECTIONS:
            expect_success(client.post("/api/collections", json=collection))
        for name, rows in RECORDS.items():
            for row in rows:
                expect_success(client.post(f"/api/collections/{name}/records", json=row))
    ours = Tenfold(folder / "tenfold" / "data")
    copy_data(theirs.dir, ours)
    forge = Forge.of(theirs.dir)
    with ExitStack() as stack:
        for server in (theirs, ours):
            server.start()
            stack.callback(server.stop)
        pair = Pair(theirs, ours, TALLY)
        stack.callback(pair.close)
        inboxes = stack.enter_context(in_thread()), stack.enter_context(in_thread())
        for side, inbox in zip(pair.sides, inboxes, strict=True):
            smtp = {"enabled": True, "host": "127.0.0.1", "port": inbox.port, "username": ""}
            answer = side.client.patch(
                "/api/settings",
                json={"smtp": smtp},
                headers={"Authorization": side.token("root")},
            )
            expect_success(answer)
        yield AuthPair(pair, inboxes, forge)
