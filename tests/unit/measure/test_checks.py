"""Every kind of answer is checked."""

from __future__ import annotations

import json

import pytest

from tenfold.measure.load.asks import CREATE, FILE, LIST, SIGN_IN, VIEW
from tenfold.measure.load.checks import Checker
from tenfold.measure.load.site import Address, Site, file_content
from tenfold.measure.workload import Workload

SITE = Site(
    address=Address("127.0.0.1", 1, "localhost"),
    open_name="open",
    owned_name="",
    users_name="users",
    records=3,
    text_bytes=4,
    emails=("a@example.com",),
    password="",
    token="",
    file_bytes=100,
)
RECORD = {"id": "abc", "text": "four", "title": "", "collectionName": "open"}


def signed_in(email: str, token: str) -> dict[str, object]:
    return {"token": token, "record": {"email": email}}


@pytest.mark.parametrize(
    ("kind", "answer", "problem"),
    [
        (VIEW, RECORD, ""),
        (CREATE, RECORD, ""),
        (VIEW, {**RECORD, "id": "abd"}, "wrong id"),
        (VIEW, {**RECORD, "text": "fou"}, "wrong size"),
        (VIEW, {"id": "abc"}, "wrong JSON"),
        (VIEW, {"id": 5, "text": "four"}, "wrong JSON"),
        (VIEW, [], "wrong JSON"),
        (LIST, {"items": [RECORD] * 3}, ""),
        (LIST, {"items": [RECORD] * 2}, "wrong list"),
        (LIST, {"items": [RECORD, RECORD, {**RECORD, "text": ""}]}, "wrong size"),
        (LIST, {}, "wrong JSON"),
        (SIGN_IN, signed_in("abc", "t"), ""),
        (SIGN_IN, signed_in("abd", "t"), "wrong id"),
        (SIGN_IN, signed_in("abc", ""), "wrong JSON"),
        (SIGN_IN, {}, "wrong JSON"),
    ],
)
def test_json(kind: int, answer: object, problem: str) -> None:
    body = json.dumps(answer).encode()
    assert Checker(SITE, Workload()).problem(kind, 200, body, "abc") == problem


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, file_content(100), ""),
        (200, file_content(100)[:-1] + b"x", "wrong file"),
        (200, b"", "wrong file"),
        (206, file_content(100), "status 206"),
    ],
)
def test_files(status: int, body: bytes, problem: str) -> None:
    assert Checker(SITE, Workload()).problem(FILE, status, body, "") == problem


@pytest.mark.parametrize("body", [b"", b"{", b'{"id":"\xff","text":"four"}', b"<html>"])
def test_not_json(body: bytes) -> None:
    assert Checker(SITE, Workload()).problem(VIEW, 200, body, "abc") == "not JSON"


def test_status() -> None:
    assert Checker(SITE, Workload()).problem(VIEW, 503, b"{}", "abc") == "status 503"
