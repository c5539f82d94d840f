"""Descriptions of PocketBase before 0.23 in the words of today: pure functions on JSON values.

Then a collection had `schema` and `options` with other keys, every auth collection had a
username, tokens and OAuth2 providers were settings of the whole application, and
superusers were `_admins`. What comes out is what PocketBase's own upgrade makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from tenfold.schema.ids import field_id

Json = dict[str, Any]

NO_LIMIT = 2_147_483_647
USERNAME_PATTERN = r"^[\w][\w\.\-]*$"
DEFAULT_MIN_PASSWORD = 8
PASSWORD_COST = 10

RENAMED_COLUMNS = {"passwordHash": "password"}
"""Columns of auth tables under their names of then."""

EXTERNAL_AUTH_COLUMNS = {"collectionId": "collectionRef", "recordId": "recordRef"}

_RENAMED_OPTIONS = {"noDecimal": "onlyInt", "convertUrls": "convertURLs"}
_DROPPED_OPTIONS = frozenset({"displayFields"})
_RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")
_TOKENS = {
    "authToken": "recordAuthToken",
    "passwordResetToken": "recordPasswordResetToken",
    "emailChangeToken": "recordEmailChangeToken",
    "verificationToken": "recordVerificationToken",
    "fileToken": "recordFileToken",
}
_SUPERUSER_TOKENS = {
    "authToken": "adminAuthToken",
    "passwordResetToken": "adminPasswordResetToken",
    "fileToken": "adminFileToken",
}
_TEMPLATES = ("verificationTemplate", "resetPasswordTemplate", "confirmEmailChangeTemplate")


def collection(row: Mapping[str, Any], settings: Json, auth_defaults: Json) -> Json:
    """A collection as today's JSON. `row` has the columns of `_collections`, JSON decoded."""
    kind = row["type"]
    options = _object(row["options"])
    converted: Json = {
        "id": row["id"],
        "name": row["name"],
        "type": kind,
        "system": False,
        "created": row["created"],
        "updated": row["updated"],
        "fields": _fields(row, options),
        "indexes": list(row["indexes"] or []),
    }
    converted |= {rule: _expression(row[rule]) for rule in _RULES}
    if kind == "view":
        converted["viewQuery"] = options.get("query", "")
    if kind == "auth":
        converted["indexes"] = _auth_indexes(row["id"], row["name"]) + converted["indexes"]
        converted |= _auth_options(options, settings, auth_defaults)
    return converted


def superuser_options(settings: Json, defaults: Json) -> Json:
    """The auth options of `_superusers`: `defaults` with the secrets of the admins' tokens."""
    return defaults | _tokens(settings, defaults, _SUPERUSER_TOKENS)


def _object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _expression(rule: str | None) -> str | None:
    return None if rule is None else rule.replace("@request.data.", "@request.body.")


def _fields(row: Mapping[str, Any], options: Json) -> list[Json]:
    own = [_field(_object(f)) for f in cast("list[object]", row["schema"] or [])]
    if row["type"] == "view":
        return [_id_field(pattern=""), *own]
    dates = [_date_field("created", on_update=False), _date_field("updated", on_update=True)]
    auth = _auth_fields(options) if row["type"] == "auth" else []
    return [_id_field(pattern="[a-z0-9]{15}"), *auth, *own, *dates]


def _field(old: Json) -> Json:
    new = {key: old[key] for key in ("id", "name", "type") if key in old}
    new |= {key: bool(old.get(key)) for key in ("system", "required", "presentable")}
    for key, value in _object(old.get("options")).items():
        if key not in _DROPPED_OPTIONS and value is not None:
            new[_RENAMED_OPTIONS.get(key, key)] = value
    if new["type"] == "relation" and not new.get("maxSelect"):
        new["maxSelect"] = NO_LIMIT
    return new


def _id_field(pattern: str) -> Json:
    length = 15 if pattern else 0
    return {
        "id": field_id("text", "id"),
        "name": "id",
        "type": "text",
        "system": True,
        "required": True,
        "primaryKey": True,
        "min": length,
        "max": length,
        "pattern": "^[a-z0-9]+$",
        "autogeneratePattern": pattern,
    }


def _date_field(name: str, *, on_update: bool) -> Json:
    return {
        "id": field_id("autodate", name),
        "name": name,
        "type": "autodate",
        "onCreate": True,
        "onUpdate": on_update,
    }


def _system_field(kind: str, name: str, **settings: object) -> Json:
    field = {"id": field_id(kind, name), "name": name, "type": kind, "system": True}
    return field | settings


def _auth_fields(options: Json) -> list[Json]:
    return [
        _system_field(
            "password",
            "password",
            hidden=True,
            required=True,
            min=options.get("minPasswordLength") or DEFAULT_MIN_PASSWORD,
            cost=PASSWORD_COST,
        ),
        _system_field(
            "text",
            "tokenKey",
            hidden=True,
            required=True,
            min=30,
            max=60,
            autogeneratePattern="[a-zA-Z0-9_]{50}",
        ),
        _system_field(
            "email",
            "email",
            required=bool(options.get("requireEmail")),
            exceptDomains=options.get("exceptEmailDomains") or [],
            onlyDomains=options.get("onlyEmailDomains") or [],
        ),
        _system_field("bool", "emailVisibility"),
        _system_field("bool", "verified"),
        _system_field(
            "text",
            "username",
            required=True,
            min=3,
            max=150,
            pattern=USERNAME_PATTERN,
            autogeneratePattern="users[0-9]{6}",
        )
        | {"system": False},
    ]


def _auth_indexes(collection_id: str, name: str) -> list[str]:
    def unique(column: str, expression: str, where: str = "") -> str:
        index = f"_{collection_id}_{column}_idx"
        return f"CREATE UNIQUE INDEX `{index}` ON `{name}` ({expression}){where}"

    return [
        unique("username", "username COLLATE NOCASE"),
        unique("email", "`email`", " WHERE `email` != ''"),
        unique("tokenKey", "`tokenKey`"),
    ]


def _auth_options(options: Json, settings: Json, defaults: Json) -> Json:
    identities = [
        name
        for name, key in (("email", "allowEmailAuth"), ("username", "allowUsernameAuth"))
        if options.get(key)
    ]
    providers = _providers(settings)
    return (
        defaults
        | _tokens(settings, defaults, _TOKENS)
        | _templates(_object(settings.get("meta")))
        | {
            "authRule": "verified=true" if options.get("onlyVerified") else "",
            "manageRule": _expression(options.get("manageRule")),
            "passwordAuth": {"enabled": bool(identities), "identityFields": identities},
            "oauth2": {
                "enabled": bool(options.get("allowOAuth2Auth")) and bool(providers),
                "providers": providers,
                "mappedFields": {"id": "", "name": "", "username": "username", "avatarURL": ""},
            },
        }
    )


def _tokens(settings: Json, defaults: Json, names: Mapping[str, str]) -> Json:
    found: Json = {}
    for name, old_name in names.items():
        old = _object(settings.get(old_name))
        if old.get("secret"):
            duration = old.get("duration") or defaults[name]["duration"]
            found[name] = {"secret": old["secret"], "duration": duration}
    return found


def _templates(meta: Json) -> Json:
    found: Json = {}
    for name in _TEMPLATES:
        old = _object(meta.get(name))
        if old.get("body"):
            body = old["body"].replace("{ACTION_URL}", old.get("actionUrl", ""))
            found[name] = {"subject": old.get("subject", ""), "body": body}
    return found


def _providers(settings: Json) -> list[Json]:
    found: list[Json] = []
    for key, old in settings.items():
        name = re.sub(r"Auth$", "", key)
        provider = _object(old)
        if name != key and "clientId" in provider and provider.get("enabled"):
            found.append(_provider(name, provider))
    return found


def _provider(name: str, old: Json) -> Json:
    return {
        "name": name,
        "clientId": old.get("clientId", ""),
        "clientSecret": old.get("clientSecret", ""),
        "authURL": old.get("authUrl", ""),
        "tokenURL": old.get("tokenUrl", ""),
        "userInfoURL": old.get("userApiUrl", ""),
        "displayName": old.get("displayName", ""),
        "pkce": old.get("pkce"),
        "extra": {},
    }
