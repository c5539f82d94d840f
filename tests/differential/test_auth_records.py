"""Accounts, and what hangs on them, as records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.differential.auth_asks import (
    MEMBERS,
    bearer,
    post,
    sign_in,
    signed_in,
)
from tests.differential.auth_seed import PASSWORD, AuthPair, account_id, email
from tests.differential.pair import Ask

# --- accounts as records ----------------------------------------------------------------

NEW = {"password": "longenough", "passwordConfirm": "longenough"}


@pytest.mark.parametrize("who", [None, "root"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "new@example.com"},
        {"email": "new@example.com", "password": "longenough"},
        {"email": "new@example.com", "password": "longenough", "passwordConfirm": "else"},
        {"email": "new@example.com", "password": "short", "passwordConfirm": "short"},
        {"email": "bad", **NEW},
        {**NEW},
        {"email": email(1), **NEW},
        {"email": email(1).upper(), **NEW},
        {"email": "v-<who>@example.com", "verified": True, **NEW},
        {"email": "k-<who>@example.com", "tokenKey": "x", **NEW},
        {"email": "t-<who>@example.com", "tokenKey": "t-<who>" * 8, **NEW},
        {"email": "h-<who>@example.com", "secret": "x", "role": "boss", **NEW},
        {"email": "e-<who>@example.com", "emailVisibility": True, **NEW},
        {"email": "i-<who>@example.com", "id": "alerted00000000", **NEW},
        {"email": "j-<who>@example.com", "id": account_id("va"), **NEW},
        {"email": "n-<who>@example.com", "password": 1234567890, "passwordConfirm": 1234567890},
        {"email": "l-<who>@example.com", "password": "x" * 73, "passwordConfirm": "x" * 73},
        {"email": "o-<who>@example.com", "oldPassword": "x", **NEW},
    ],
)
def test_create(auth: AuthPair, body: dict[str, Any], who: str | None) -> None:
    named = json.loads(json.dumps(body).replace("<who>", who or "guest"))
    auth.pair.same(Ask("POST", f"{MEMBERS}/records", json=named, who=who))


@pytest.mark.parametrize("as_who", ["m17", "m0", "root", ""])
@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"email": "changed@example.com"},
        {"email": email(17)},
        {"verified": True},
        {"verified": False},
        {"emailVisibility": True},
        {"tokenKey": "x" * 40},
        {"secret": "y"},
        {"password": "longenough"},
        {"passwordConfirm": "longenough"},
        {"oldPassword": "longenough"},
        {"password": "longenough", "passwordConfirm": "else"},
        {"password": "", "passwordConfirm": ""},
        {"password": "short", "passwordConfirm": "short", "oldPassword": PASSWORD},
        {"password": "longenough", "passwordConfirm": "longenough", "oldPassword": "wrong"},
        {"password": "longenough", "passwordConfirm": "longenough"},
        {"email": email(17), "password": PASSWORD, "passwordConfirm": PASSWORD},
    ],
)
def test_update(auth: AuthPair, body: dict[str, Any], as_who: str) -> None:
    token = ""
    if as_who == "root":
        token = "<root>"
        for side in auth.pair.sides:
            side.names["root"] = side.token("root")
    elif as_who:
        token = _own_token(auth, as_who)
    path = f"{MEMBERS}/records/{account_id('m17')}"
    auth.pair.same(Ask("PATCH", path, json=body, headers=bearer(token) if token else {}))
    _restore(auth)


def _own_token(auth: AuthPair, who: str) -> str:
    signed_in(auth, who)
    return f"<token-{who}>"


def _restore(auth: AuthPair) -> None:
    right = {
        "email": email(17),
        "verified": False,
        "emailVisibility": False,
        "secret": "s",
        "name": "m17",
        "password": PASSWORD,
        "passwordConfirm": PASSWORD,
    }
    path = f"{MEMBERS}/records/{account_id('m17')}"
    both = auth.pair.send(Ask("PATCH", path, json=right, who="root"))
    assert (both.theirs.status, both.ours.status) == (200, 200)


def test_the_last_superuser_stays(auth: AuthPair) -> None:
    records = "/api/collections/_superusers/records"
    me = auth.pair.same(Ask("GET", records, who="root"))
    auth.pair.bind("me", me, "items.0.id")
    auth.pair.same(Ask("DELETE", f"{records}/<me>", who="root"))
    body = {"email": "second@example.com", **NEW}
    auth.pair.same(Ask("POST", records, json=body))
    auth.pair.same(Ask("POST", records, json=body, headers=signed_in(auth, "m18")))
    auth.pair.same(Ask("POST", records, json={"email": "second@example.com"}, who="root"))
    both = auth.pair.same(Ask("POST", records, json=body | {"verified": False}, who="root"))
    auth.pair.bind("second", both, "id")
    auth.pair.same(Ask("PATCH", f"{records}/<second>", json={"verified": False}, who="root"))
    auth.pair.same(sign_in("_superusers", "second@example.com", "longenough"))
    auth.pair.same(Ask("DELETE", f"{records}/<second>", who="root"))
    auth.pair.same(Ask("GET", records, who=None))


def test_deleted_accounts_lose_what_hangs_on_them(auth: AuthPair) -> None:
    auth.pair.same(sign_in("alerted", "ab@example.com"))
    headers = signed_in(auth, "ab", "alerted")
    path = f"/api/collections/alerted/records/{account_id('ab')}"
    auth.pair.same(Ask("DELETE", path, headers=headers))
    auth.pair.same(Ask("DELETE", path, who="root"))
    query = {"filter": f"recordRef = '{account_id('ab')}'"}
    auth.pair.same(Ask("GET", "/api/collections/_authOrigins/records", query, who="root"))
    auth.pair.same(post("/api/collections/alerted/auth-refresh", headers=headers))


# --- what hangs on accounts, as records -------------------------------------------------

LINKED = ("_mfas", "_otps", "_authOrigins", "_externalAuths")


@pytest.mark.parametrize("name", LINKED)
def test_linked_records(auth: AuthPair, name: str) -> None:
    records = f"/api/collections/{name}/records"
    own = {
        "method": "password",
        "password": "12345678",
        "fingerprint": f"print of {name}",
        "provider": "google",
        "providerId": "x",
    }
    right = {"collectionRef": "members00000000", "recordRef": account_id("m20"), **own}
    rows: list[dict[str, Any]] = [
        {},
        own,
        right | {"collectionRef": "nothing"},
        right | {"collectionRef": "plain0000000000"},
        right | {"recordRef": "nobody"},
        right | {"collectionRef": "named0000000000"},
        right | {"method": "", "password": "", "fingerprint": "", "provider": "", "providerId": ""},
    ]
    auth.pair.all_same(Ask("POST", records, json=row, who="root") for row in rows)
    auth.pair.same(Ask("POST", records, json=right))
    auth.pair.bind("made", auth.pair.same(Ask("POST", records, json=right, who="root")), "id")
    auth.pair.same(Ask("POST", records, json=right, who="root"))
    auth.pair.same(Ask("PATCH", f"{records}/<made>", json={"recordRef": "no"}, who="root"))
    auth.pair.same(Ask("PATCH", f"{records}/<made>", json={"collectionRef": "no"}, who="root"))
    mine, other = signed_in(auth, "m20"), signed_in(auth, "m21")
    for headers in ({}, mine, other):
        auth.pair.same(Ask("GET", records, "sort=created", headers=headers))
        auth.pair.same(Ask("GET", f"{records}/<made>", headers=headers))
        auth.pair.same(Ask("PATCH", f"{records}/<made>", json={}, headers=headers))
    auth.pair.same(Ask("DELETE", f"{records}/<made>", headers=other))
    auth.pair.same(Ask("DELETE", f"{records}/<made>", headers=mine))


@pytest.mark.parametrize("who", ["root", "m0"])
def test_a_changed_address_ends_tokens(auth: AuthPair, who: str) -> None:
    name = "m22" if who == "root" else "m23"
    headers = signed_in(auth, name)
    by = bearer(_own_token(auth, who)) if who != "root" else bearer(auth.pair.ours.token("root"))
    path = f"{MEMBERS}/records/{account_id(name)}"
    auth.pair.same(Ask("PATCH", path, json={"verified": True}, headers=by))
    auth.pair.same(post("auth-refresh", headers=headers))
    auth.pair.same(Ask("PATCH", path, json={"email": f"new-{name}@example.com"}, headers=by))
    auth.pair.same(post("auth-refresh", headers=headers))
    headers = signed_in(auth, f"new-{name}")
    new = {"password": "longenough", "passwordConfirm": "longenough"}
    auth.pair.same(Ask("PATCH", path, json=new, headers=by))
    auth.pair.same(post("auth-refresh", headers=headers))
    auth.pair.same(Ask("PATCH", path, json={"tokenKey": "k" * 40}, headers=by))
    auth.pair.same(Ask("GET", path, headers=by))
    auth.pair.same(Ask("DELETE", path, headers=by))


# --- the allow-list of superusers' addresses ----------------------------------------------


def test_superuser_addresses(auth: AuthPair) -> None:
    admitted = {"x-client": "10.0.0.1"}
    settings = "/api/settings"
    proxy = {"trustedProxy": {"headers": ["x-client"]}, "superuserIPs": ["10.0.0.1"]}
    auth.pair.send(Ask("PATCH", settings, json=proxy, headers=admitted, who="root"))
    root = sign_in("_superusers", "root@example.com", "correct-horse-1")
    auth.pair.same(root)
    auth.pair.same(Ask("POST", root.path, json=root.json, headers=admitted))
    auth.pair.same(sign_in("_superusers", "root@example.com", "wrong"))
    auth.pair.same(post("/api/collections/_superusers/auth-refresh", who="root"))
    auth.pair.same(post("/api/collections/_superusers/auth-refresh", headers=admitted, who="root"))
    auth.pair.same(sign_in("members", email(19)))
    auth.pair.same(Ask("GET", f"{MEMBERS}/records", who="root"))
    auth.pair.same(Ask("GET", settings, who="root"))
    open_again: dict[str, Any] = {"trustedProxy": {"headers": []}, "superuserIPs": []}
    auth.pair.send(Ask("PATCH", settings, json=open_again, headers=admitted, who="root"))
    auth.pair.same(root)
