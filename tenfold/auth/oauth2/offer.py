"""What clients are told of a collection's providers: where to send the user, and with what."""

from __future__ import annotations

import secrets
import string
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from tenfold.auth.oauth2.known import PROVIDERS, configured
from tenfold.auth.oauth2.provider import Configured
from tenfold.schema.collection import Collection

STATE_LENGTH = 30
VERIFIER_LENGTH = 43

_ALPHABET = string.ascii_letters + string.digits


def offers(collection: Collection) -> list[dict[str, Any]]:
    """The providers of an auth collection, each with a fresh state and PKCE secret.

    Nothing of it is kept: the client sends what matters back with the code.
    """
    options = collection.auth.oauth2 if collection.auth else None
    if options is None or not options.enabled:
        return []
    return [_offer(provider) for provider in configured(options)]


def list_providers() -> list[dict[str, str]]:
    """All providers that a collection may use."""
    return [{"name": p.name, "displayName": p.display_name, "logo": p.logo} for p in PROVIDERS]


def challenge(verifier: str) -> str:
    """What a PKCE verifier will be held against (RFC 7636, S256)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _offer(provider: Configured) -> dict[str, Any]:
    state = _random_text(STATE_LENGTH)
    verifier = _random_text(VERIFIER_LENGTH) if provider.uses_pkce else ""
    challenged = challenge(verifier) if verifier else ""
    url = _auth_url(provider, state, challenged)
    return {
        "name": provider.name,
        "displayName": provider.display_name,
        "logo": provider.kind.logo,
        "state": state,
        "authURL": url,
        # The name that clients before 0.23 look for.
        "authUrl": url,
        "codeVerifier": verifier,
        "codeChallenge": challenged,
        "codeChallengeMethod": "S256" if challenged else "",
    }


def _auth_url(provider: Configured, state: str, challenged: str) -> str:
    """The address to send the user to; the client adds its redirect address at the end."""
    query = {"client_id": provider.own.client_id, "response_type": "code", "state": state}
    if provider.kind.scopes:
        query["scope"] = " ".join(provider.kind.scopes)
    if challenged:
        query |= {"code_challenge": challenged, "code_challenge_method": "S256"}
    query |= dict(provider.kind.auth_query)
    mark = "&" if "?" in provider.auth_url else "?"
    return f"{provider.auth_url}{mark}{urlencode(sorted(query.items()))}&redirect_uri="


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
