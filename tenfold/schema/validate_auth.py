"""What can be said against the options of an auth collection."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.auth_options import AuthOptions, MailTemplate, OAuth2Provider, TokenOptions
from tenfold.schema.collection import Collection
from tenfold.schema.indexes import Index
from tenfold.schema.values.faults import REQUIRED, found, out_of_range, within
from tenfold.schema.values.formats import is_url

LONGEST_TOKEN_S = 94_670_856  # three years
LONGEST_STEP_S = 86_400
SHORTEST_S = 10
SHORTEST_OTP = 4

OAUTH2_PROVIDERS = frozenset(
    "apple bitbucket box discord facebook gitea gitee github gitlab google instagram2 kakao"
    " lark linear livechat mailcow microsoft monday notion oidc oidc2 oidc3 patreon"
    " planningcenter spotify strava trakt twitch twitter vk wakatime yandex".split()
)
"""Names that PocketBase knows, so that its collections can be taken over."""

BAD_URL = FieldError("validation_is_url", "Must be a valid URL.")
TOO_FEW_WAYS = FieldError(
    "validation_mfa_not_enough_auths", "MFA requires at least 2 auth methods to be enabled."
)
NOT_BLANK = FieldError("validation_nil_or_not_empty_required", "Cannot be blank.")

Faults = dict[str, "FieldError | FieldErrors"]


def check_auth(collection: Collection) -> Faults:
    """Everything wrong with the options, by wire key."""
    auth = collection.auth
    if auth is None:
        return {}
    groups: dict[str, FieldError | FieldErrors | None] = {
        "manageRule": NOT_BLANK if auth.manage_rule == "" else None,
        "authAlert": _check_mail_group(auth.auth_alert.email_template),
        "oauth2": _check_oauth2(auth),
        "passwordAuth": _check_password_auth(auth, collection),
        "mfa": _check_mfa(auth),
        "otp": _check_otp(auth),
        "authToken": _check_token(auth.auth_token),
        "passwordResetToken": _check_token(auth.password_reset_token),
        "emailChangeToken": _check_token(auth.email_change_token),
        "verificationToken": _check_token(auth.verification_token),
        "fileToken": _check_token(auth.file_token),
        "verificationTemplate": _check_template(auth.verification_template),
        "resetPasswordTemplate": _check_template(auth.reset_password_template),
        "confirmEmailChangeTemplate": _check_template(auth.confirm_email_change_template),
    }
    return {key: fault for key, fault in groups.items() if fault}


def _required_within(number: int, least: int, most: int) -> FieldError | None:
    return within(number, least, most) if number else REQUIRED


def _check_token(token: TokenOptions) -> FieldErrors:
    secret = None
    if not 30 <= len(token.secret) <= 255:
        secret = out_of_range(30, 255) if token.secret else REQUIRED
    duration = _required_within(token.duration, SHORTEST_S, LONGEST_TOKEN_S)
    return found(secret=secret, duration=duration)


def _check_template(template: MailTemplate) -> FieldErrors:
    return found(
        subject=None if template.subject else REQUIRED, body=None if template.body else REQUIRED
    )


def _check_mail_group(template: MailTemplate) -> FieldErrors:
    faults = _check_template(template)
    return {"emailTemplate": faults} if faults else {}


def _check_mfa(auth: AuthOptions) -> FieldErrors:
    if not auth.mfa.enabled:
        return {}
    ways = (auth.password_auth.enabled, auth.oauth2.enabled, auth.otp.enabled)
    if sum(ways) < 2:
        return {"enabled": TOO_FEW_WAYS}
    return found(duration=_required_within(auth.mfa.duration, SHORTEST_S, LONGEST_STEP_S))


def _check_otp(auth: AuthOptions) -> FieldErrors:
    otp = auth.otp
    faults = _check_mail_group(otp.email_template)
    if not otp.enabled:
        return faults
    length = within(otp.length, SHORTEST_OTP) if otp.length else REQUIRED
    duration = _required_within(otp.duration, SHORTEST_S, LONGEST_STEP_S)
    return {**faults, **found(duration=duration, length=length)}


def _check_password_auth(auth: AuthOptions, collection: Collection) -> FieldErrors:
    options = auth.password_auth
    if not options.enabled:
        return {}
    if not options.identity_fields:
        return {"identityFields": REQUIRED}
    indexes = [Index.parse(text) for text in collection.indexes]
    for name in options.identity_fields:
        fault = _check_identity(name, collection.by_name, indexes)
        if fault:
            return {"identityFields": fault}
    return {}


def _check_identity(
    name: str, fields: Mapping[str, object], indexes: list[Index | None]
) -> FieldError | None:
    if name not in fields:
        code = "validation_missing_field"
        return FieldError(code, f"Invalid or missing field {name}.", {"fieldName": name})
    if any(index and index.is_about(name) for index in indexes):
        return None
    return FieldError(
        "validation_missing_unique_constraint",
        f"The field {name} doesn't have a UNIQUE constraint.",
        {"fieldName": name},
    )


def _check_oauth2(auth: AuthOptions) -> FieldErrors:
    if not auth.oauth2.enabled:
        return {}
    faults = {
        str(at): fault
        for at, provider in enumerate(auth.oauth2.providers)
        if (fault := _check_provider(provider, auth.oauth2.providers[:at]))
    }
    return {"providers": faults} if faults else {}


def _check_provider(provider: OAuth2Provider, earlier: tuple[OAuth2Provider, ...]) -> FieldErrors:
    urls = {
        "authURL": provider.auth_url,
        "tokenURL": provider.token_url,
        "userInfoURL": provider.user_info_url,
    }
    return {
        **found(
            name=_check_provider_name(provider.name, earlier),
            clientId=None if provider.client_id else REQUIRED,
            clientSecret=None if provider.client_secret else REQUIRED,
        ),
        **{key: BAD_URL for key, url in urls.items() if url and not is_url(url)},
    }


def _check_provider_name(name: str, earlier: tuple[OAuth2Provider, ...]) -> FieldError | None:
    if not name:
        return REQUIRED
    if name not in OAUTH2_PROVIDERS:
        message = f"Invalid or missing provider with name {name}."
        return FieldError("validation_missing_provider", message, {"name": name})
    if any(name == other.name for other in earlier):
        message = f"The provider {name} is already registered."
        return FieldError("validation_duplicated_provider", message, {"name": name})
    return None
