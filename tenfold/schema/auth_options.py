"""What an auth collection adds: ways to sign in, tokens, mail templates."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Parent of the option groups: immutable, camelCased on the wire."""


class MailTemplate(Options, frozen=True):
    """A mail's subject and HTML body with {PLACEHOLDERS}."""

    subject: str = ""
    body: str = ""


class TokenOptions(Options, frozen=True):
    """How long one kind of token lives (seconds) and the collection's part of its key."""

    duration: int = 0
    secret: str = ""


class PasswordAuth(Options, frozen=True):
    enabled: bool = True
    identity_fields: tuple[str, ...] = ("email",)


class MFA(Options, frozen=True):
    """Two ways of signing in within `duration` seconds, where `rule` holds ("" is always)."""

    enabled: bool = False
    duration: int = 0
    rule: str = ""


class OTP(Options, frozen=True):
    """One-time passwords by mail: seconds they live, digits they have."""

    enabled: bool = False
    duration: int = 0
    length: int = 0
    email_template: MailTemplate = MailTemplate()


class AuthAlert(Options, frozen=True):
    enabled: bool = False
    email_template: MailTemplate = MailTemplate()


class OAuth2Provider(Options, frozen=True):
    """One OAuth2 provider; empty URLs mean the provider's well-known ones."""

    name: str = ""
    client_id: str = ""
    client_secret: str = ""
    auth_url: str = msgspec.field(default="", name="authURL")
    token_url: str = msgspec.field(default="", name="tokenURL")
    user_info_url: str = msgspec.field(default="", name="userInfoURL")
    display_name: str = ""
    pkce: bool | None = None
    extra: dict[str, object] = {}


class OAuth2Fields(Options, frozen=True):
    """Which record field takes what the provider knows ("" is none)."""

    id: str = ""
    name: str = ""
    username: str = ""
    avatar_url: str = msgspec.field(default="", name="avatarURL")


class OAuth2(Options, frozen=True):
    enabled: bool = False
    providers: tuple[OAuth2Provider, ...] = ()
    mapped_fields: OAuth2Fields = OAuth2Fields()


class AuthOptions(Options, frozen=True):
    """All options of an auth collection, as the wire spells them."""

    auth_rule: str | None = ""
    manage_rule: str | None = None
    auth_alert: AuthAlert = AuthAlert()
    oauth2: OAuth2 = OAuth2()
    password_auth: PasswordAuth = PasswordAuth()
    mfa: MFA = MFA()
    otp: OTP = OTP()
    auth_token: TokenOptions = TokenOptions()
    password_reset_token: TokenOptions = TokenOptions()
    email_change_token: TokenOptions = TokenOptions()
    verification_token: TokenOptions = TokenOptions()
    file_token: TokenOptions = TokenOptions()
    verification_template: MailTemplate = MailTemplate()
    reset_password_template: MailTemplate = MailTemplate()
    confirm_email_change_template: MailTemplate = MailTemplate()
