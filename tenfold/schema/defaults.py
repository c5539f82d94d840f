"""What is there from the start: system collections, `users`, and blanks of each type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from tenfold.schema import mail_texts
from tenfold.schema.auth_options import (
    MFA,
    OTP,
    AuthAlert,
    AuthOptions,
    OAuth2,
    OAuth2Fields,
    TokenOptions,
)
from tenfold.schema.collection import SUPERUSERS, Collection, CollectionType
from tenfold.schema.fields import (
    AutodateField,
    Field,
    FileField,
    PasswordField,
    TextField,
)
from tenfold.schema.ids import collection_id, field_id
from tenfold.schema.system_fields import with_auth_indexes, with_system_fields
from tenfold.schema.values.generate import generate
from tenfold.schema.wire import render_collection

SECRET_PATTERN = "[a-zA-Z0-9]{50}"
USERS_ID = "_pb_users_auth_"

_OWN = (
    "@request.auth.id != '' && recordRef = @request.auth.id"
    " && collectionRef = @request.auth.collectionId"
)
_SELF = "id = @request.auth.id"
_DAY_S = 86_400


def new_secret() -> str:
    """A random key for one kind of token."""
    return generate(SECRET_PATTERN)


def new_auth_options(auth_duration_s: int = 5 * _DAY_S) -> AuthOptions:
    """The options of a new auth collection, with fresh secrets."""

    def token(duration_s: int) -> TokenOptions:
        return TokenOptions(duration=duration_s, secret=new_secret())

    return AuthOptions(
        auth_alert=AuthAlert(enabled=True, email_template=mail_texts.LOGIN_ALERT),
        mfa=MFA(duration=600),
        otp=OTP(duration=180, length=8, email_template=mail_texts.ONE_TIME_PASSWORD),
        auth_token=token(auth_duration_s),
        password_reset_token=token(1800),
        email_change_token=token(1800),
        verification_token=token(_DAY_S),
        file_token=token(180),
        verification_template=mail_texts.VERIFICATION,
        reset_password_template=mail_texts.RESET_PASSWORD,
        confirm_email_change_template=mail_texts.CONFIRM_EMAIL_CHANGE,
    )


def blank(type_: CollectionType) -> Collection:
    """A collection of a type before anyone has said more of it."""
    auth = new_auth_options() if type_ == "auth" else None
    return Collection(id="", name="", type=type_, auth=auth, fields=with_system_fields(type_, ()))


def scaffolds() -> dict[str, dict[str, Any]]:
    """A blank of each type as clients see it, to start a new collection from."""
    suffix = generate("[a-z0-9]{10}")
    shown: dict[str, dict[str, Any]] = {}
    for type_ in ("auth", "base", "view"):
        collection = blank(type_)
        indexes = with_auth_indexes(replace(collection, id=suffix)).indexes
        shown[type_] = render_collection(replace(collection, indexes=indexes))
    return shown


def default_collections(now: str) -> tuple[Collection, ...]:
    """The collections of a new database, made at `now`, in the order they are made."""
    made = (_mfas(), _otps(), _external_auths(), _auth_origins(), _superusers(), _users())
    return tuple(replace(collection, created=now, updated=now) for collection in made)


def _system(name: str, fields: tuple[Field, ...], **more: Any) -> Collection:
    identifier = collection_id("base", name)
    more = {"list_rule": _OWN, "view_rule": _OWN} | more
    dates = _dates(system=True)
    return Collection(
        id=identifier,
        name=name,
        system=True,
        fields=with_system_fields("base", (*fields, *dates)),
        **more,
    )


def _dates(*, system: bool) -> tuple[Field, ...]:
    return (
        _named(AutodateField, "created", on_create=True, system=system),
        _named(AutodateField, "updated", on_create=True, on_update=True, system=system),
    )


def _named(kind: Callable[..., Field], name: str, **settings: Any) -> Field:
    blank_field = kind(name=name, **settings)
    return msgspec.structs.replace(blank_field, id=field_id(blank_field.type, name))


def _texts(*names: str, hidden: bool = False) -> tuple[Field, ...]:
    return tuple(
        _named(TextField, name, system=True, required=not hidden, hidden=hidden) for name in names
    )


def _mfas() -> Collection:
    index = "CREATE INDEX `idx_mfas_collectionRef_recordRef` ON `_mfas` (collectionRef,recordRef)"
    return _system("_mfas", _texts("collectionRef", "recordRef", "method"), indexes=(index,))


def _otps() -> Collection:
    index = "CREATE INDEX `idx_otps_collectionRef_recordRef` ON `_otps` (collectionRef, recordRef)"
    password = _named(PasswordField, "password", system=True, hidden=True, required=True, cost=8)
    fields = (*_texts("collectionRef", "recordRef"), password, *_texts("sentTo", hidden=True))
    return _system("_otps", fields, indexes=(index,))


def _external_auths() -> Collection:
    prefix, table = "CREATE UNIQUE INDEX `idx_externalAuths_", "ON `_externalAuths`"
    indexes = (
        f"{prefix}record_provider` {table} (collectionRef, recordRef, provider)",
        f"{prefix}collection_provider` {table} (collectionRef, provider, providerId)",
    )
    fields = _texts("collectionRef", "recordRef", "provider", "providerId")
    return _system("_externalAuths", fields, indexes=indexes, delete_rule=_OWN)


def _auth_origins() -> Collection:
    index = (
        "CREATE UNIQUE INDEX `idx_authOrigins_unique_pairs` ON `_authOrigins`"
        " (collectionRef, recordRef, fingerprint)"
    )
    fields = _texts("collectionRef", "recordRef", "fingerprint")
    return _system("_authOrigins", fields, indexes=(index,), delete_rule=_OWN)


def _superusers() -> Collection:
    fields = with_system_fields("auth", ())
    superusers = Collection(
        id=collection_id("auth", SUPERUSERS),
        name=SUPERUSERS,
        type="auth",
        system=True,
        fields=(*fields, *_dates(system=True)),
        auth=new_auth_options(auth_duration_s=_DAY_S),
    )
    return with_auth_indexes(superusers)


def _users() -> Collection:
    pictures = ("image/jpeg", "image/png", "image/svg+xml", "image/gif", "image/webp")
    name = _named(TextField, "name", max=255)
    avatar = _named(FileField, "avatar", max_select=1, mime_types=pictures)
    auth = msgspec.structs.replace(
        new_auth_options(),
        oauth2=OAuth2(mapped_fields=OAuth2Fields(name="name", avatar_url="avatar")),
    )
    users = Collection(
        id=USERS_ID,
        name="users",
        type="auth",
        fields=(*with_system_fields("auth", ()), name, avatar, *_dates(system=False)),
        list_rule=_SELF,
        view_rule=_SELF,
        create_rule="",
        update_rule=_SELF,
        delete_rule=_SELF,
        auth=auth,
    )
    return with_auth_indexes(users)
