"""Whether to believe an id token."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tenfold.auth.oauth2.id_token import check_claims, check_signature, read_claims
from tenfold.auth.oauth2.profile import ProviderFailed

KEY = RSAKey.generate_key(2048, {"kid": "k1"})
NOW = 1_700_000_000.0
CLAIMS = {"iss": "i", "aud": "c", "sub": "s", "exp": NOW + 600, "iat": NOW}


def key_set(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def signed(key: Any = KEY, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "k1"} | header, CLAIMS, key, algorithms=[alg])


def check(**changes: Any) -> None:
    claims = {k: v for k, v in (CLAIMS | changes).items() if v is not None}
    check_claims(claims, client_id="c", issuers=("i",), now=NOW)


def test_a_good_one() -> None:
    token = signed()
    check_signature(token, key_set(KEY))
    assert read_claims(token) == CLAIMS
    check()


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSAKey.generate_key(2048, {"kid": "k1"}), "PS256"),
        (ECKey.generate_key("P-256", {"kid": "k1"}), "ES256"),
        (ECKey.generate_key("P-384", {"kid": "k1"}), "ES384"),
        (OKPKey.generate_key("Ed25519", {"kid": "k1"}), "Ed25519"),
    ],
)
def test_other_kinds_of_keys(key: Any, alg: str) -> None:
    check_signature(signed(key, alg), key_set(KEY, key) | key_set(key))


@pytest.mark.parametrize(
    "changes",
    [{"aud": ["x", "c"]}, {"exp": None}, {"exp": NOW - 20}, {"iat": NOW + 20}, {"nbf": NOW}],
)
def test_claims_that_hold(changes: dict[str, Any]) -> None:
    check(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "x"},
        {"aud": None},
        {"aud": ["x"]},
        {"aud": {"c": 1}},
        {"iss": "x"},
        {"iss": None},
        {"iss": ["i"]},
        {"exp": NOW - 60},
        {"exp": "later"},
        {"exp": True},
        {"iat": NOW + 60},
        {"nbf": NOW + 60},
    ],
)
def test_claims_that_do_not(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderFailed):
        check(**changes)


def _unsigned(header: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, CLAIMS))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def test_the_public_key_is_no_secret() -> None:
    """A token "signed" with the public key by HMAC, the classic confusion."""
    signed_part = _unsigned({"alg": "HS256", "kid": "k1"}).rstrip(".")
    mark = hmac.digest(KEY.as_pem(private=False), signed_part.encode(), "sha256")
    forged = f"{signed_part}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
    with pytest.raises(ProviderFailed):
        check_signature(forged, key_set(KEY))


@pytest.mark.parametrize(
    "token",
    [
        _unsigned({"alg": "none", "kid": "k1"}),
        _unsigned({"alg": "RS256", "kid": "k1"}),
        signed(RSAKey.generate_key(2048)),
        signed()[:-4] + "AAAA",
        signed(kid="k2"),
        jwt.encode({"alg": "RS256"}, CLAIMS, KEY),
        "a.b.c",
        "",
    ],
)
def test_signatures_that_are_none(token: str) -> None:
    with pytest.raises(ProviderFailed):
        check_signature(token, key_set(KEY))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": None},
        {"keys": ["x"]},
        {"keys": [{"kid": "k1"}]},
        {"keys": [{"kid": "k1", "kty": "RSA"}]},
        {"keys": [{"kid": "k1", "kty": "RSA", "n": "_" * 1_000_000, "e": "AQAB"}]},
        {"keys": [{"kid": "k1", "kty": "RSA", "n": 5, "e": "AQAB"}]},
        {"keys": [{"kid": "k1", "kty": "oct", "k": "AAAA"}]},
        {"keys": [{"kid": "k1", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]},
    ],
)
def test_key_sets_that_are_none(keys: dict[str, Any]) -> None:
    began = time.monotonic()
    with pytest.raises(ProviderFailed):
        check_signature(signed(), keys)
    assert time.monotonic() - began < 30


@given(st.text() | st.binary() | st.none() | st.integers())
def test_any_token_is_read_or_refused(token: Any) -> None:
    with pytest.raises(ProviderFailed):
        read_claims(token)
    with pytest.raises(ProviderFailed):
        check_signature(str(token), key_set(KEY))
