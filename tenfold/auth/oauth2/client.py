"""Ask a provider who has just signed in there: code -> tokens -> user."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl, quote_plus, urlencode

import msgspec

from tenfold.auth.oauth2 import id_token
from tenfold.auth.oauth2.fetching import Fetched, Fetcher
from tenfold.auth.oauth2.profile import OAuth2User, ProviderFailed, as_object, is_true
from tenfold.auth.oauth2.provider import Configured
from tenfold.schema.values.dates import date_text

MAX_TOKEN = 32_768
MAX_LIFE_S = (1 << 31) - 1
MAX_REMEMBERED = 1_000

_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "text/plain"})
_NO_EMAILS = frozenset({401, 403, 404})
"""The address is not ours to know: that is no reason to turn the user away."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the client got from the provider, and how it asked."""

    code: str
    verifier: str
    redirect_url: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was exchanged for; `expires_at` is "" or a date as records have it."""

    access: str
    refresh: str
    expires_at: str
    raw: Mapping[str, Any]


class OAuth2Client:
    """Talks to providers, in bounded time, and takes nothing they say for granted."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.time) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._wants_body: set[tuple[str, str]] = set()

    async def exchange(self, provider: Configured, grant: Grant) -> Tokens:
        """Tokens for a code. Raises: ProviderFailed.

        A provider that does not know a client by its Authorization header is asked again with
        the secret in the body (RFC 6749 lets it choose).
        """
        asked = (provider.token_url, provider.own.client_id)
        if asked not in self._wants_body:
            answer = await self._ask_for_tokens(provider, grant, in_body=False)
            try:
                return self._tokens(answer)
            except ProviderFailed:
                if answer.status >= 500:
                    raise
        tokens = self._tokens(await self._ask_for_tokens(provider, grant, in_body=True))
        if len(self._wants_body) >= MAX_REMEMBERED:
            self._wants_body.clear()
        self._wants_body.add(asked)
        return tokens

    async def user(self, provider: Configured, tokens: Tokens) -> OAuth2User:
        """Who the tokens speak of. Raises: ProviderFailed."""
        if tokens.expires_at and tokens.expires_at < date_text(self._now()):
            raise ProviderFailed("the token has expired already")
        raw = await self._raw_user(provider, tokens)
        user = provider.kind.profile.read(raw)
        if provider.kind.emails:
            user = replace(user, email=await self._listed_email(provider, tokens))
        if provider.kind.email_in_token:
            email = tokens.raw.get("email")
            user = replace(user, email=email if isinstance(email, str) else "")
        if provider.kind.short_username:
            user = replace(user, username=user.username.partition("@")[0])
        return user

    async def avatar(self, url: str, limit_bytes: int) -> bytes:
        """A user's picture, from the public internet. Raises: ProviderFailed."""
        answer = await self._fetcher.fetch_public(url, limit_bytes)
        if not answer.is_success or not answer.body:
            raise ProviderFailed(f"the picture's answer has status {answer.status}")
        return answer.body

    async def _ask_for_tokens(
        self, provider: Configured, grant: Grant, *, in_body: bool
    ) -> Fetched:
        form = {
            "code": grant.code,
            "grant_type": "authorization_code",
            "redirect_uri": grant.redirect_url,
        }
        if provider.uses_pkce and grant.verifier:
            form["code_verifier"] = grant.verifier
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        }
        own = provider.own
        if in_body:
            form |= {"client_id": own.client_id, "client_secret": own.client_secret}
        else:
            headers["authorization"] = _basic(own.client_id, own.client_secret)
        return await self._fetcher.fetch(
            "POST", provider.token_url, headers=headers, content=urlencode(form).encode()
        )

    def _tokens(self, answer: Fetched) -> Tokens:
        if not answer.is_success:
            raise ProviderFailed(f"the token's answer has status {answer.status}")
        raw = _form(answer.body) if answer.content_type in _FORM_TYPES else as_object(answer.json())
        access, refresh = raw.get("access_token"), raw.get("refresh_token") or ""
        if not isinstance(access, str) or not access or len(access) > MAX_TOKEN:
            raise ProviderFailed("there is no access token")
        if not isinstance(refresh, str) or len(refresh) > MAX_TOKEN:
            raise ProviderFailed("the refresh token is no text")
        return Tokens(access, refresh, self._expiry(raw.get("expires_in")), raw)

    def _expiry(self, lives_s: Any) -> str:
        if lives_s is None or lives_s == "":
            return ""
        try:
            seconds = int(lives_s)
        except (ValueError, TypeError, OverflowError) as error:
            raise ProviderFailed("the token's life is no number") from error
        seconds = max(-MAX_LIFE_S, min(seconds, MAX_LIFE_S))
        return date_text(self._now() + timedelta(seconds=seconds)) if seconds else ""

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    async def _raw_user(self, provider: Configured, tokens: Tokens) -> dict[str, Any]:
        is_told_by_token = provider.kind.is_oidc and not provider.user_url
        if provider.kind.id_token_only or is_told_by_token:
            return await self._claims(provider, tokens)
        headers = {"authorization": f"Bearer {tokens.access}", "accept": "application/json"}
        for name, value in provider.kind.headers:
            headers[name] = value.replace("{client_id}", provider.own.client_id)
        method, content = "GET", None
        if provider.kind.query:
            method, content = "POST", msgspec.json.encode({"query": provider.kind.query})
            headers["content-type"] = "application/json"
        answer = await self._fetcher.fetch(
            method, provider.user_url, headers=headers, content=content, follow=True
        )
        if not answer.is_success:
            raise ProviderFailed(f"the user's answer has status {answer.status}")
        return as_object(answer.json())

    async def _claims(self, provider: Configured, tokens: Tokens) -> dict[str, Any]:
        """The id token's claims. It came straight from the provider, but may be none of its."""
        token = tokens.raw.get("id_token")
        claims = id_token.read_claims(token)
        id_token.check_claims(
            claims,
            client_id=provider.own.client_id,
            issuers=provider.issuers,
            now=self._clock(),
        )
        if provider.keys_url:
            answer = await self._fetcher.fetch(
                "GET", provider.keys_url, headers={"accept": "application/json"}, follow=True
            )
            if not answer.is_success:
                raise ProviderFailed(f"the keys' answer has status {answer.status}")
            id_token.check_signature(str(token), as_object(answer.json()))
        return claims

    async def _listed_email(self, provider: Configured, tokens: Tokens) -> str:
        """The main, confirmed address of those that the provider lists."""
        answer = await self._fetcher.fetch(
            "GET",
            f"{provider.user_url}/emails",
            headers={"authorization": f"Bearer {tokens.access}", "accept": "application/json"},
            follow=True,
        )
        if answer.status in _NO_EMAILS:
            return ""
        if not answer.is_success:
            raise ProviderFailed(f"the e-mail list has status {answer.status}")
        listed = answer.json()
        names = ("primary", "verified")
        if provider.kind.emails == "values":
            listed, names = as_object(listed).get("values"), ("is_primary", "is_confirmed")
        return _main_address(listed, names)


def _main_address(listed: Any, names: tuple[str, str]) -> str:
    if listed is None:
        return ""
    if not isinstance(listed, list):
        raise ProviderFailed("the e-mail list is none")
    for entry in map(as_object, cast("list[Any]", listed)):
        email = entry.get("email")
        if isinstance(email, str) and all(is_true(entry.get(name)) for name in names):
            return email
    return ""


def _basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=100))
    except ValueError as error:
        raise ProviderFailed("the token's answer is no form") from error
