"""Id tokens: what an OpenID Connect provider says of its user, and whether to believe it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec

from tenfold.auth.oauth2.profile import ProviderFailed, as_object
from tenfold.lazy import LazyModule

if TYPE_CHECKING:
    from joserfc import errors, jwk, jws
else:
    jwk, jws = LazyModule("joserfc.jwk"), LazyModule("joserfc.jws")
    errors = LazyModule("joserfc.errors")

LEEWAY_S = 30
MAX_LENGTH = 32_768
MAX_MODULUS = 1_400
"""Characters of an RSA key's modulus (8192 bits): a longer one would take too long to check."""

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
)
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def read_claims(token: object) -> dict[str, Any]:
    """What an id token says; its signature is not looked at. Raises: ProviderFailed."""
    if not isinstance(token, str) or len(token) > MAX_LENGTH or not _FORM.fullmatch(token):
        raise ProviderFailed("there is no readable id token")
    try:
        return as_object(msgspec.json.decode(_decode_part(token.split(".")[1])))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProviderFailed("the id token can't be read") from error


def check_claims(
    claims: Mapping[str, Any], *, client_id: str, issuers: tuple[str, ...], now: float
) -> None:
    """Raises: ProviderFailed unless the token is for this client, from there, and current."""
    audience = claims.get("aud")
    meant = cast("list[Any]", audience) if isinstance(audience, list) else [audience]
    if client_id not in meant:
        raise ProviderFailed("the id token is for another client")
    if issuers and claims.get("iss") not in issuers:
        raise ProviderFailed("the id token is by another issuer")
    if _time(claims, "exp", now) < now - LEEWAY_S:
        raise ProviderFailed("the id token has expired")
    if max(_time(claims, "nbf", now), _time(claims, "iat", now)) > now + LEEWAY_S:
        raise ProviderFailed("the id token is not valid yet")


def check_signature(token: str, keys: Mapping[str, Any]) -> None:
    """Raises: ProviderFailed unless one of a key set's keys signed the token."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = _key(keys, header.get("kid"))
        jws.deserialize_compact(token, key, algorithms=list(ALGORITHMS))
    except (errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderFailed("the id token's signature is not right") from error


def _key(keys: Mapping[str, Any], key_id: object) -> jwk.Key:
    listed = keys.get("keys")
    if not isinstance(listed, list) or not isinstance(key_id, str):
        raise ProviderFailed("there are no keys to check the id token with")
    for found in cast("list[Any]", listed):
        key = as_object(found)
        if key.get("kid") == key_id:
            return _import(key)
    raise ProviderFailed("the id token's key is not known")


def _import(key: dict[str, Any]) -> jwk.Key:
    kinds = {"RSA": jwk.RSAKey, "EC": jwk.ECKey, "OKP": jwk.OKPKey}
    kind = kinds.get(str(key.get("kty")))
    if kind is None or len(str(key.get("n", ""))) > MAX_MODULUS:
        raise ProviderFailed("the id token's key is of a kind that is not taken")
    return kind.import_key(key)


def _time(claims: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = claims.get(name)
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProviderFailed(f"{name} of the id token is no time")
    return value


def _decode_part(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
