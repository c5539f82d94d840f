"""Signing in, refreshing, impersonating, from which places."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tests.differential.auth_asks import (
    MEMBERS,
    bearer,
    mails,
    no_mail,
    post,
    sign_in,
    signed_in,
)
from tests.differential.auth_seed import PASSWORD, AuthPair, account_id, email
from tests.differential.pair import Ask, Both

NAMES = ("members", "plain", "nowhere", "_superusers", "_otps")
POSTS = (
    "auth-with-password",
    "auth-refresh",
    "request-verification",
    "confirm-verification",
    "request-password-reset",
    "confirm-password-reset",
    "request-email-change",
    "confirm-email-change",
    "impersonate/x",
)


# --- which collections ------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_empty_bodies(auth: AuthPair, name: str) -> None:
    path = f"/api/collections/{name}"
    auth.pair.all_same(Ask("POST", f"{path}/{end}", json={}) for end in POSTS)
    auth.pair.all_same(Ask("POST", f"{path}/{end}", json={}, who="root") for end in POSTS)
    auth.pair.same(Ask("GET", f"{path}/auth-methods"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"1", b'"x"', b'{"a":1}'])
def test_strange_bodies(auth: AuthPair, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    # PocketBase answers `null` with 500 there.
    broken = {"confirm-password-reset"} if body == b"null" else set[str]()
    ends = [end for end in POSTS if end not in broken | {"auth-refresh"}]
    auth.pair.all_same(Ask("POST", f"{MEMBERS}/{end}", body=body, headers=headers) for end in ends)


def test_a_body_that_is_no_form(auth: AuthPair) -> None:
    headers = {"content-type": "text/plain"}
    auth.pair.same(Ask("POST", f"{MEMBERS}/auth-with-password", body=b"x=1", headers=headers))


@pytest.mark.parametrize(
    "name", ["members", "named", "nopassword", "twostep", "mayberule", "closed"]
)
def test_methods(auth: AuthPair, name: str) -> None:
    path = f"/api/collections/{name}/auth-methods"
    auth.pair.same(Ask("GET", path))
    auth.pair.same(Ask("GET", path, "fields=password,mfa.enabled"))


# --- password ---------------------------------------------------------------------------

LONG = "x" * 256


@pytest.mark.parametrize(
    "body",
    [
        {"identity": email(1)},
        {"password": "x"},
        {"identity": 1, "password": PASSWORD},
        {"identity": email(1), "password": 12345678},
        {"identity": None, "password": None},
        {"identity": "", "password": ""},
        {"identity": [email(1)], "password": {}},
        {"identity": True, "password": False},
        {"identity": LONG, "password": LONG},
        {"identity": LONG[1:], "password": LONG[1:]},
        {"identity": "é" * 128, "password": "é" * 127},
        {"identity": email(1), "password": "wrong"},
        {"identity": "nobody@example.com", "password": PASSWORD},
        {"identity": "nobody", "password": PASSWORD},
        {"identity": f" {email(1)}", "password": PASSWORD},
        {"identity": email(1).upper(), "password": PASSWORD},
        {"identity": email(1), "password": PASSWORD, "identityField": 1},
        {"identity": email(1), "password": PASSWORD, "identityField": "name"},
        {"identity": email(1), "password": PASSWORD, "identityField": "id"},
        {"identity": email(1), "password": PASSWORD, "identityField": "email"},
        {"identity": email(1), "password": PASSWORD, "identityField": ""},
        {"identity": email(1), "password": PASSWORD, "identityField": None},
        {"IDENTITY": email(1), "Password": PASSWORD},
        {"identity": "m1' OR 1=1 --", "password": PASSWORD},
        {"identity": "x\u0000y", "password": "x\u0000y"},
        {"identity": account_id("m1"), "password": PASSWORD},
        {"identity": email(1), "password": PASSWORD + "\u0000"},
    ],
)
def test_password(auth: AuthPair, body: Any) -> None:
    auth.pair.same(post("auth-with-password", body))


@pytest.mark.parametrize(
    ("identity", "password", "more"),
    [
        ("Me@example.com", PASSWORD, {}),
        ("Me@example.com", "87654321x", {}),
        ("me@example.com", PASSWORD, {}),
        ("me@example.com", "87654321x", {}),
        ("bob", PASSWORD, {}),
        ("BOB", PASSWORD, {"identityField": "username"}),
        ("bob", PASSWORD, {"identityField": "email"}),
        ("nick", PASSWORD, {}),
        ("NICK", PASSWORD, {}),
        ("other", "87654321x", {"identityField": "nick"}),
        ("Me@example.com", "87654321x", {"identityField": "username"}),
    ],
)
def test_identities(auth: AuthPair, identity: str, password: str, more: dict[str, Any]) -> None:
    auth.pair.same(sign_in("named", identity, password, **more))


@pytest.mark.parametrize("who", [None, "root"])
@pytest.mark.parametrize(
    ("collection", "name"),
    [
        ("verifieds", "va"),
        ("verifieds", "vb"),
        ("closed", "ca"),
        ("ruled", "ra"),
        ("nopassword", "na"),
        ("members", "m1"),
    ],
)
def test_auth_rules(auth: AuthPair, collection: str, name: str, who: str | None) -> None:
    path = f"/api/collections/{collection}/auth-with-password"
    body = {"identity": f"{name}@example.com", "password": PASSWORD}
    auth.pair.same(Ask("POST", path, json=body, who=who))
    auth.pair.same(Ask("POST", path, json=body | {"password": "no"}, who=who))


def test_a_rule_on_the_body(auth: AuthPair) -> None:
    auth.pair.same(sign_in("ruled", "ra@example.com", name="x"))
    auth.pair.same(sign_in("ruled", "ra@example.com", name="y"))


def test_forms(auth: AuthPair) -> None:
    path = f"{MEMBERS}/auth-with-password"
    form = {"identity": email(1), "password": PASSWORD}
    auth.pair.same(Ask("POST", path, form=form))
    auth.pair.same(Ask("POST", path, form=form | {"password": "12345678"}))
    auth.pair.same(Ask("POST", path, form=form | {"password": "true", "identity": "1.5"}))
    files = [("x", ("x.txt", b"x", "text/plain"))]
    auth.pair.same(Ask("POST", path, form=form, files=files))


@pytest.mark.parametrize(
    "query", ["fields=token", "fields=record.id,record.email", "fields=*,x", "expand=nothing"]
)
def test_shapes(auth: AuthPair, query: str) -> None:
    body = {"identity": email(2), "password": PASSWORD}
    auth.pair.same(Ask("POST", f"{MEMBERS}/auth-with-password", query, json=body))


def test_hidden_fields_of_superusers(auth: AuthPair) -> None:
    auth.pair.same(sign_in("_superusers", "root@example.com", "correct-horse-1"))
    auth.pair.same(sign_in("_superusers", "root@example.com", "wrong"))


# --- second step ------------------------------------------------------------------------


def test_second_step(auth: AuthPair) -> None:
    both = auth.pair.same(sign_in("twostep", "ta@example.com"))
    auth.pair.bind("mfa", both, "mfaId")
    rows: list[Any] = [
        {"mfaId": "<mfa>"},
        {"mfaId": "nothing"},
        {"mfaId": 1},
        {"mfaId": ""},
        {"mfaId": None},
        {"mfaId": ["x"]},
    ]
    auth.pair.all_same(sign_in("twostep", "ta@example.com", **row) for row in rows)
    auth.pair.same(sign_in("twostep", "tb@example.com", mfaId="<mfa>"))
    body = {"identity": "ta@example.com", "password": PASSWORD}
    path = "/api/collections/twostep/auth-with-password"
    auth.pair.same(Ask("POST", path, "mfaId=<mfa>", json=body))
    auth.pair.same(Ask("POST", path, json=body, who="root"))
    auth.pair.same(Ask("POST", path, json=body | {"password": "wrong"}))
    auth.pair.same(Ask("GET", "/api/collections/_mfas/records", "sort=created", who="root"))
    auth.pair.same(Ask("GET", "/api/collections/_mfas/records"))


def test_second_step_by_rule(auth: AuthPair) -> None:
    auth.pair.same(sign_in("mayberule", "one@example.com"))
    auth.pair.same(sign_in("mayberule", "two@example.com"))


# --- refresh, tokens --------------------------------------------------------------------


def test_refresh(auth: AuthPair) -> None:
    headers = signed_in(auth, "m3")
    auth.pair.same(post("auth-refresh", headers=headers))
    auth.pair.same(Ask("POST", f"{MEMBERS}/auth-refresh", "fields=token", headers=headers))
    auth.pair.same(post("/api/collections/twostep/auth-refresh", headers=headers))
    auth.pair.same(post("/api/collections/_superusers/auth-refresh", headers=headers))
    auth.pair.same(post("/api/collections/_superusers/auth-refresh", who="root"))
    auth.pair.same(post("auth-refresh", who="root"))
    auth.pair.same(Ask("POST", f"{MEMBERS}/auth-refresh", json=[], headers=headers))


def test_forged_tokens(auth: AuthPair) -> None:
    def made(**claims: Any) -> str:
        return auth.forge.token("members", "m4", "authToken", **claims)

    now = int(time.time())
    right = made(refreshable=True)
    head, body, signature = right.split(".")
    other = made(id=account_id("m5"))
    rows = [
        right,
        f"Bearer {right}",
        f"bearer {right}",
        made(),
        made(refreshable=False),
        made(exp=now - 10),
        made(exp=None),
        made(exp=now + 10**9),
        made(nbf=now + 600),
        made(iat=now + 600),
        made(type="verification"),
        made(type=None),
        made(id=None),
        made(id="nobody"),
        made(collectionId="nothing"),
        made(collectionId=None),
        made(id=account_id("m5")),
        auth.forge.token("members", "m4", "verificationToken"),
        auth.forge.token("members", "m4", "verificationToken", type="auth"),
        f"{head}.{body}.{signature[:-2]}AA",
        f"{head}.{other.split('.')[1]}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"eyJhbGciOiJIUzUxMiJ9.{body}.{signature}",
        "x",
        "..",
        right + "x",
    ]
    auth.pair.all_same(post("auth-refresh", headers=bearer(token)) for token in rows)
    auth.pair.same(post("auth-refresh", headers=bearer(made(exp=0))), known="token of 1970")


def test_a_changed_password_ends_tokens(auth: AuthPair) -> None:
    headers = signed_in(auth, "m6")
    path = f"{MEMBERS}/records/{account_id('m6')}"
    new = {"password": "another-one-2", "passwordConfirm": "another-one-2"}
    auth.pair.same(Ask("PATCH", path, json=new, headers=headers))
    auth.pair.same(Ask("PATCH", path, json=new | {"oldPassword": "x"}, headers=headers))
    auth.pair.same(Ask("PATCH", path, json=new | {"oldPassword": PASSWORD}, headers=headers))
    auth.pair.same(post("auth-refresh", headers=headers))
    auth.pair.same(sign_in("members", email(6)))
    auth.pair.same(sign_in("members", email(6), "another-one-2"))


# --- impersonation ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "duration", [None, 0, 1, 100, -1, "5", "", "x", 1.5, True, [], 10**30, 86_400]
)
def test_impersonation(auth: AuthPair, duration: Any) -> None:
    path = f"{MEMBERS}/impersonate/{account_id('m15')}"
    auth.pair.same(Ask("POST", path, json={"duration": duration}, who="root"))


def test_impersonated_tokens_are_not_renewed(auth: AuthPair) -> None:
    path = f"impersonate/{account_id('m15')}"
    auth.pair.same(post(path))
    auth.pair.same(post(path, headers=signed_in(auth, "m16")))
    auth.pair.same(post("impersonate/nobody", who="root"))
    auth.pair.same(post(f"/api/collections/twostep/impersonate/{account_id('ta')}", who="root"))
    auth.pair.same(post(f"/api/collections/closed/impersonate/{account_id('ca')}", who="root"))
    auth.pair.bind("other", auth.pair.same(post(path, who="root")), "token")
    both = auth.pair.same(post("auth-refresh", headers=bearer("<other>")))
    for side, answer in zip(auth.pair.sides, (both.theirs, both.ours), strict=True):
        assert answer.value["token"] == side.names["other"]
    auth.pair.same(Ask("POST", f"{MEMBERS}/{path}", form={"duration": "60"}, who="root"))


# --- places of sign-in ------------------------------------------------------------------


def test_alerts(auth: AuthPair) -> None:
    def from_agent(agent: str) -> Both:
        ask = sign_in("alerted", "aa@example.com")
        return auth.pair.same(Ask("POST", ask.path, json=ask.json, headers={"user-agent": agent}))

    origins = Ask(
        "GET",
        "/api/collections/_authOrigins/records",
        {"sort": "created", "filter": "collectionRef = 'alerted00000000'"},
        who="root",
    )
    from_agent("first")
    auth.pair.same(origins)
    no_mail(auth)
    from_agent("first")
    no_mail(auth)
    from_agent("<b>second</b>")
    their_mail, our_mail = (re.sub(r"\d\d:\d\d\.\d\d\dZ", "", mail) for mail, _ in mails(auth))
    assert our_mail == their_mail
    for number in range(5):
        from_agent(f"agent {number}")
    mails(auth, 5)
    auth.pair.same(origins)
