"""Sign in with a code that a provider gave to the client."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from tenfold.auth import forms
from tenfold.auth.oauth2.account import METHOD, Arrival, find_or_create
from tenfold.auth.oauth2.apple_names import AppleNames
from tenfold.auth.oauth2.client import Grant, OAuth2Client, Tokens
from tenfold.auth.oauth2.known import find_configured
from tenfold.auth.oauth2.profile import OAuth2User, ProviderFailed
from tenfold.auth.oauth2.provider import Configured
from tenfold.auth.parts import Auth, Caller
from tenfold.auth.sign_in import OneStepLeft, SignedIn, sign_in
from tenfold.errors import NOT_LOADED, BadRequest, FieldError, Forbidden
from tenfold.schema.auth_options import OAuth2
from tenfold.schema.collection import Collection
from tenfold.schema.values.faults import REQUIRED

SWITCHED_OFF = "The collection is not configured to allow OAuth2 authentication."
NO_TOKEN = "Failed to fetch OAuth2 token."
NO_USER = "Failed to fetch OAuth2 user."
MAX_CODE = 16_384

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OAuth2SignIn:
    """The use case with what it needs beside the auth room's other parts."""

    auth: Auth
    client: OAuth2Client
    names: AppleNames

    async def __call__(self, collection: Collection, caller: Caller) -> SignedIn | OneStepLeft:
        """Sign in; `meta` of the answer is what the provider said.

        Raises: Forbidden (not offered, not admitted), BadRequest (form; the provider refuses or
        can't be reached; the account can't be made), Unavailable.
        """
        options = collection.auth.oauth2 if collection.auth else OAuth2()
        if not options.enabled:
            raise Forbidden(SWITCHED_OFF)
        provider, grant, create_data = _read(options, caller.body)
        tokens, user = await self._ask(provider, grant)
        arrival = Arrival(collection, provider.name, user, create_data)
        account, is_new = await find_or_create(self.auth, self.client, caller, arrival)
        meta = _meta(user, tokens) | {"isNew": is_new}
        return await sign_in(self.auth, caller, account, METHOD, meta=meta)

    async def _ask(self, provider: Configured, grant: Grant) -> tuple[Tokens, OAuth2User]:
        try:
            tokens = await self.client.exchange(provider, grant)
        except ProviderFailed as error:
            raise _refused(NO_TOKEN, provider, error) from error
        try:
            user = await self.client.user(provider, tokens)
        except ProviderFailed as error:
            raise _refused(NO_USER, provider, error) from error
        if provider.kind.id_token_only and not user.name:
            user = replace(user, name=self.names.take(grant.code))
        return tokens, user


def _refused(message: str, provider: Configured, error: ProviderFailed) -> BadRequest:
    """What the client gets; why goes to the log only."""
    _log.warning("OAuth2 by %s: %s (%s)", provider.name, message, error)
    return BadRequest(message)


def _read(options: OAuth2, body: Mapping[str, Any]) -> tuple[Configured, Grant, Mapping[str, Any]]:
    """The form. Raises: BadRequest."""
    name, code = forms.text(body, "provider"), forms.text(body, "code")
    grant = Grant(
        code=code,
        verifier=forms.text(body, "codeVerifier"),
        redirect_url=forms.text(body, "redirectURL"),
    )
    create_data = body.get("createData")
    if create_data is not None and not isinstance(create_data, dict):
        raise BadRequest(NOT_LOADED)
    provider = find_configured(options, name)
    forms.refuse(
        NOT_LOADED,
        provider=None if provider else _no_provider(name),
        code=forms.required(code, most=MAX_CODE),
    )
    assert provider is not None
    return provider, grant, cast("dict[str, Any]", create_data or {})


def _no_provider(name: str) -> FieldError:
    if not name:
        return REQUIRED
    message = f"Provider with name {name} is missing or is not enabled."
    return FieldError("validation_invalid_provider", message, {"name": name})


def _meta(user: OAuth2User, tokens: Tokens) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "username": user.username,
        "email": user.email,
        "avatarURL": user.avatar_url,
        # The name that clients before 0.23 look for.
        "avatarUrl": user.avatar_url,
        "accessToken": tokens.access,
        "refreshToken": tokens.refresh,
        "expiry": tokens.expires_at,
        "rawUser": user.raw,
    }
