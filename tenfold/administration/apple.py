"""The client secret that "Sign in with Apple" wants: a token signed with the developer's key."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tenfold.administration.checks import at_least, at_most, found, length, required
from tenfold.administration.stored import Group
from tenfold.errors import BadRequest
from tenfold.lazy import LazyModule
from tenfold.schema.values.faults import BAD_SHAPE

if TYPE_CHECKING:
    from joserfc import jwk, jwt
else:
    jwk, jwt = LazyModule("joserfc.jwk"), LazyModule("joserfc.jwt")

AUDIENCE = "https://appleid.apple.com"
MAX_DURATION_S = 15_777_000
ID_LENGTH = 10

_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----\s[^-]+-----END PRIVATE KEY-----")
_MAX_PEM = 10_000


class AppleKey(Group, frozen=True, kw_only=True):
    """Who signs, with which key, and for how many seconds the secret shall be good."""

    client_id: str = ""
    team_id: str = ""
    key_id: str = ""
    private_key: str = ""
    duration: int = 0


def client_secret(apple: AppleKey, now: float | None = None) -> str:
    """Sign a client secret. Raises: BadRequest."""
    pem = apple.private_key.strip()
    problems = found(
        clientId=required(apple.client_id),
        teamId=required(apple.team_id) or length(apple.team_id, ID_LENGTH, ID_LENGTH),
        keyId=required(apple.key_id) or length(apple.key_id, ID_LENGTH, ID_LENGTH),
        privateKey=required(pem)
        or (None if len(pem) < _MAX_PEM and _PEM.fullmatch(pem) else BAD_SHAPE),
        duration=required(apple.duration)
        or at_least(apple.duration, 1)
        or at_most(apple.duration, MAX_DURATION_S),
    )
    if problems:
        raise BadRequest("Invalid client secret data.", problems)
    issued_at = int(time.time() if now is None else now)
    claims = {
        "iss": apple.team_id,
        "sub": apple.client_id,
        "aud": [AUDIENCE],
        "exp": issued_at + apple.duration,
        "iat": issued_at,
    }
    header = {"alg": "ES256", "kid": apple.key_id, "typ": "JWT"}
    return jwt.encode(header, claims, _key(pem))


def _key(pem: str) -> jwk.ECKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise _unusable("the key can't be parsed") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _unusable("key is invalid")
    return jwk.ECKey(key, key)


def _unusable(why: str) -> BadRequest:
    return BadRequest(f"Failed to generate client secret. Raw error: \n{why}.")
