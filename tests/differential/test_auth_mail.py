"""Verifying, resetting and changing addresses by mailed links."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.differential.auth_asks import (
    MEMBERS,
    mailed_token,
    no_mail,
    post,
    sign_in,
    signed_in,
)
from tests.differential.auth_seed import PASSWORD, AuthPair, account_id, email
from tests.differential.pair import Ask

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
