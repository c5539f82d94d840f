"""Tokens: made, read, and refused in every wrong shape."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from tenfold.auth import tokens
from tenfold.schema.auth_options import AuthOptions, TokenOptions
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record

OPTIONS = AuthOptions(
    auth_token=TokenOptions(duration=100, secret="s" * 50),
    file_token=TokenOptions(duration=10, secret="f" * 50),
)
RECORD = Record(Collection("c1", "users", "auth", auth=OPTIONS), {"id": "r1", "tokenKey": "k" * 50})


def test_others_read_our_tokens() -> None:
    token = tokens.make(RECORD, "auth", 1000.5, refreshable=True)
    read = jwt.decode(token, OctKey.import_key("k" * 50 + "s" * 50), algorithms=["HS256"])
    assert read.claims == {
        "collectionId": "c1",
        "exp": 1100,
        "id": "r1",
        "refreshable": True,
        "type": "auth",
    }


def test_a_token_is_signed_for_one_kind() -> None:
    token = tokens.make(RECORD, "auth", 0)
    assert tokens.is_signed_by(token, RECORD, "auth")
    assert not tokens.is_signed_by(token, RECORD, "file")


def test_a_new_token_key_ends_a_token() -> None:
    token = tokens.make(RECORD, "auth", 0)
    other = Record(RECORD.collection, RECORD.values | {"tokenKey": "x" * 50})
    assert not tokens.is_signed_by(token, other, "auth")


def test_no_token_without_a_key() -> None:
    blank = Record(RECORD.collection, RECORD.values | {"tokenKey": ""})
    with pytest.raises(ValueError, match="halves"):
        tokens.make(blank, "auth", 0)
    with pytest.raises(ValueError, match="halves"):
        tokens.make(RECORD, "verification", 0)


def _unsigned(header: Any, claims: Any) -> str:
    parts = (
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims)
    )
    return ".".join(p.decode() for p in parts) + "." + "A" * 43


GOOD = {"id": "r", "collectionId": "c", "type": "auth"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "é.b.c",
        _unsigned({"alg": "none"}, GOOD),
        _unsigned({"alg": "HS512"}, GOOD),
        _unsigned({"alg": 1}, GOOD),
        _unsigned([], GOOD),
        _unsigned({"alg": "HS256"}, {}),
        _unsigned({"alg": "HS256"}, GOOD | {"id": 1}),
        _unsigned({"alg": "HS256"}, GOOD | {"exp": "soon"}),
        _unsigned({"alg": "HS256"}, GOOD) + "A",
        _unsigned({"alg": "HS256"}, GOOD | {"x": "x" * 5000}),
    ],
)
def test_what_is_no_token_says_nothing(token: str) -> None:
    assert tokens.peek(token) is None


def test_a_well_made_token_is_read() -> None:
    claims = tokens.peek(_unsigned({"alg": "HS256"}, GOOD))
    assert claims is not None and claims.id == "r" and claims.ends_at == float("inf")


@pytest.mark.parametrize(
    ("claims", "is_current"),
    [
        ({}, True),
        ({"exp": 11}, True),
        ({"exp": 10}, False),
        ({"nbf": 11}, False),
        ({"iat": 11}, False),
    ],
)
def test_times(claims: dict[str, int], is_current: bool) -> None:
    read = tokens.peek(_unsigned({"alg": "HS256"}, GOOD | claims))
    assert read is not None and read.is_current(10) is is_current


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    tokens.peek(text)


@given(st.text(alphabet="abcdefXYZ019-_", max_size=60), st.text(alphabet="eyJ019-_", max_size=60))
def test_anything_of_a_token_s_form_is_survived(header: str, claims: str) -> None:
    tokens.peek(f"{header}.{claims}.{'A' * 43}")
