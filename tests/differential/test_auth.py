"""Signing in, refreshing, verifying, resetting, changing addresses, impersonating."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.differential.auth_seed import (
    PASSWORD,
    AuthPair,
    account_id,
    auth_servers,
    email,
)
from tests.differential.pair import Ask, Both
from tests.unit.mail.smtp_server import Inbox

MEMBERS = "/api/collections/members"
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
_TOKEN = re.compile(r"/(ey[\w-]+\.[\w-]+\.[\w-]+)")


@pytest.fixture(scope="module")
def auth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthPair]:
    with auth_servers(tmp_path_factory.mktemp("auth")) as servers:
        yield servers


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


# --- verification -----------------------------------------------------------------------

EMAILS: list[Any] = [
    {},
    {"email": ""},
    {"email": "x"},
    {"email": 1},
    {"email": None},
    {"email": ["a@example.com"]},
    {"email": "nobody@example.com"},
    {"email": "x" * 250 + "@example.com"},
    {"email": "M1@EXAMPLE.COM"},
]


@pytest.mark.parametrize("end", ["request-verification", "request-password-reset"])
def test_requests_for_mail(auth: AuthPair, end: str) -> None:
    auth.pair.all_same(post(end, body) for body in EMAILS)
    no_mail(auth)


def test_verification(auth: AuthPair) -> None:
    auth.pair.same(post("request-verification", {"email": email(7)}))
    mailed_token(auth, "verify")
    auth.pair.same(post("/api/collections/named/confirm-verification", {"token": "<verify>"}))
    auth.pair.same(post("confirm-password-reset", _new_password("<verify>")))
    auth.pair.same(post("confirm-verification", {"token": "<verify>"}))
    auth.pair.same(post("confirm-verification", {"token": "<verify>"}))
    auth.pair.same(Ask("GET", f"{MEMBERS}/records/{account_id('m7')}", who="root"))
    auth.pair.same(post("request-verification", {"email": email(7)}))
    no_mail(auth)


def test_forged_verification(auth: AuthPair) -> None:
    def made(**claims: Any) -> str:
        return auth.forge.token("members", "m8", "verificationToken", **claims)

    rows = [
        made(),
        made(email=email(9)),
        made(email=1),
        made(email=""),
        made(email=email(8), exp=int(time.time()) - 10),
        made(email=email(8), type="auth"),
        made(email=email(8), id=account_id("m9")),
        auth.forge.token("members", "m8", "authToken", email=email(8)),
        "x",
        "a.b.c",
        "x" * 5000,
    ]
    auth.pair.all_same(post("confirm-verification", {"token": token}) for token in rows)
    wrong: tuple[Any, ...] = (None, 1, "", [], True)
    auth.pair.all_same(post("confirm-verification", {"token": token}) for token in wrong)
    auth.pair.same(Ask("GET", f"{MEMBERS}/records/{account_id('m8')}", who="root"))


# --- password reset ---------------------------------------------------------------------


def _new_password(token: str, password: str = "newpassword", again: str = "") -> dict[str, str]:
    return {"token": token, "password": password, "passwordConfirm": again or password}


def test_password_reset(auth: AuthPair) -> None:
    headers = signed_in(auth, "m10")
    auth.pair.same(post("request-password-reset", {"email": email(10)}))
    mailed_token(auth, "reset")
    rows = [
        _new_password("<reset>", "short"),
        _new_password("<reset>", "longenough", "different"),
        _new_password("<reset>", "x" * 73),
        _new_password("<reset>", "é" * 37),
        _new_password("<reset>", "x" * 256),
        _new_password("<reset>", "é" * 4),
        {"token": "<reset>", "password": 12345678, "passwordConfirm": "12345678"},
        {"token": "<reset>", "password": "longenough"},
        {"token": "<reset>"},
        {"token": "", "password": "longenough", "passwordConfirm": "longenough"},
    ]
    auth.pair.all_same(post("confirm-password-reset", row) for row in rows)
    auth.pair.same(post("/api/collections/named/confirm-password-reset", rows[7]))
    auth.pair.same(post("/api/collections/named/confirm-password-reset", _new_password("<reset>")))
    auth.pair.same(post("confirm-password-reset", _new_password("<reset>")))
    auth.pair.same(post("confirm-password-reset", _new_password("<reset>")))
    auth.pair.same(post("auth-refresh", headers=headers))
    auth.pair.same(sign_in("members", email(10)))
    # It counts as a verification, too.
    auth.pair.same(sign_in("members", email(10), "newpassword"))


def test_forged_reset(auth: AuthPair) -> None:
    def made(**claims: Any) -> str:
        return auth.forge.token("members", "m11", "passwordResetToken", **claims)

    rows = [
        made(exp=1),
        made(type="auth"),
        made(id=account_id("m12")),
        auth.forge.token("members", "m11", "authToken"),
        "x",
    ]
    auth.pair.all_same(post("confirm-password-reset", _new_password(token)) for token in rows)
    auth.pair.same(post("confirm-password-reset", _new_password(made(email="else@example.com"))))
    auth.pair.same(sign_in("members", email(11), "newpassword"))


def test_reset_where_passwords_are_off(auth: AuthPair) -> None:
    path = "/api/collections/nopassword/"
    auth.pair.same(post(path + "request-password-reset", {"email": "na@example.com"}))
    auth.pair.same(post(path + "request-password-reset", {}))
    auth.pair.same(post(path + "confirm-password-reset", {}))


def test_superusers_reset(auth: AuthPair) -> None:
    path = "/api/collections/_superusers/request-password-reset"
    auth.pair.same(post(path, {"email": "nobody@example.com"}))
    no_mail(auth)
    auth.pair.same(post(path, {"email": "root@example.com"}))
    mailed_token(auth, "superuser-reset")


# --- change of address ------------------------------------------------------------------


def test_email_change(auth: AuthPair) -> None:
    headers = signed_in(auth, "m13")
    rows: list[Any] = [
        {},
        {"newEmail": "x"},
        {"newEmail": 1},
        {"newEmail": email(13)},
        {"newEmail": email(1)},
        {"newEmail": "x" * 250 + "@example.com"},
    ]
    auth.pair.all_same(post("request-email-change", row, headers=headers) for row in rows)
    auth.pair.same(post("request-email-change", rows[-1], who="root"))
    auth.pair.same(post("/api/collections/named/request-email-change", {}, headers=headers))
    no_mail(auth)
    auth.pair.same(post("request-email-change", {"newEmail": "n@example.com"}, headers=headers))
    mailed_token(auth, "change")
    confirmations: list[Any] = [
        {"token": "<change>"},
        {"token": "<change>", "password": "wrong"},
        {"token": "<change>", "password": "x" * 101},
        {"token": "<change>", "password": 1},
        {"token": "", "password": PASSWORD},
        {"token": "x", "password": PASSWORD},
    ]
    auth.pair.all_same(post("confirm-email-change", row) for row in confirmations)
    right = {"token": "<change>", "password": PASSWORD}
    auth.pair.same(post("/api/collections/named/confirm-email-change", right))
    auth.pair.same(post("confirm-email-change", right))
    auth.pair.same(post("confirm-email-change", right))
    auth.pair.same(post("auth-refresh", headers=headers))
    auth.pair.same(sign_in("members", "n@example.com"))


def test_forged_email_change(auth: AuthPair) -> None:
    def made(**claims: Any) -> str:
        return auth.forge.token("members", "m14", "emailChangeToken", **claims)

    rows = [
        made(),
        made(newEmail=1),
        made(newEmail="free@example.com", exp=1),
        made(newEmail="free@example.com", type="auth"),
        made(newEmail=email(1)),
        made(newEmail=email(1), exp=1),
        made(newEmail="no address"),
        auth.forge.token("members", "m14", "authToken", newEmail="free@example.com"),
    ]
    auth.pair.all_same(
        post("confirm-email-change", {"token": token, "password": PASSWORD}) for token in rows
    )
    auth.pair.all_same(
        post("/api/collections/named/confirm-email-change", {"token": token, "password": PASSWORD})
        for token in (*rows, made(newEmail="Me@example.com"), made(newEmail="f@example.com"))
    )


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


# --- last: the allow-list of superusers' addresses ----------------------------------------


def test_superuser_addresses(auth: AuthPair) -> None:
    def allow(*addresses: str) -> Ask:
        return Ask("PATCH", "/api/settings", json={"superuserIPs": addresses}, who="root")

    auth.pair.send(allow("10.0.0.1"))
    auth.pair.same(sign_in("_superusers", "root@example.com", "correct-horse-1"))
    auth.pair.same(sign_in("_superusers", "root@example.com", "wrong"))
    auth.pair.same(post("/api/collections/_superusers/auth-refresh", who="root"))
    auth.pair.same(sign_in("members", email(19)))
    auth.pair.same(Ask("GET", f"{MEMBERS}/records", who="root"))
