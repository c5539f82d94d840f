"""What a provider is, and how one collection has set it up."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

from tenfold.auth.oauth2.profile import Profile
from tenfold.schema.auth_options import OAuth2Provider

EmailSource = Literal["", "list", "values"]
"""Where the address is if not in the profile: beside it at `/emails`, bare or under "values"."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of provider: its public addresses and how it tells of its users.

    `query` is the body of a POST where users are asked for by GraphQL; `{client_id}` in a
    header stands for the client's id.
    """

    name: str
    display_name: str
    auth_url: str = ""
    token_url: str = ""
    user_url: str = ""
    scopes: tuple[str, ...] = ()
    profile: Profile = field(default_factory=Profile)
    pkce: bool = True
    auth_query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    emails: EmailSource = ""
    email_in_token: bool = False
    id_token_only: bool = False
    is_oidc: bool = False
    keys_url: str = ""
    issuers: tuple[str, ...] = ()
    short_username: bool = False

    @property
    def logo(self) -> str:
        """A plain mark with the provider's initial (its own would not be ours to give away)."""
        initial = escape(self.display_name[:1].upper())
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
            '<rect width="32" height="32" rx="8" fill="#5b6472"/>'
            '<text x="16" y="22" font-family="sans-serif" font-size="17" font-weight="600"'
            f' fill="#fff" text-anchor="middle">{initial}</text></svg>'
        )


@dataclass(frozen=True, slots=True)
class Configured:
    """A provider as an auth collection uses it: its own settings before the known ones."""

    kind: Provider
    own: OAuth2Provider

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def display_name(self) -> str:
        return self.own.display_name or self.kind.display_name

    @property
    def auth_url(self) -> str:
        return self.own.auth_url or self.kind.auth_url

    @property
    def token_url(self) -> str:
        return self.own.token_url or self.kind.token_url

    @property
    def user_url(self) -> str:
        return self.own.user_info_url or self.kind.user_url

    @property
    def uses_pkce(self) -> bool:
        return self.kind.pkce if self.own.pkce is None else self.own.pkce

    @property
    def keys_url(self) -> str:
        """Where the keys are that sign id tokens; "" leaves them unchecked."""
        url = self.own.extra.get("jwksURL")
        return url if isinstance(url, str) and url else self.kind.keys_url

    @property
    def issuers(self) -> tuple[str, ...]:
        """Who may have made an id token; nothing for anyone."""
        given = self.own.extra.get("issuers")
        if not isinstance(given, list | tuple) or not given:
            return self.kind.issuers
        return tuple(str(issuer) for issuer in given)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
