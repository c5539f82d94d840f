"""What a client says of a collection, laid over what it was before."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any, cast

import msgspec

from tenfold.errors import BadRequest
from tenfold.schema.auth_options import AuthOptions, PasswordAuth
from tenfold.schema.collection import Collection, CollectionType
from tenfold.schema.defaults import blank
from tenfold.schema.fields import AnyField, DateField, Field
from tenfold.schema.ids import collection_id, field_id
from tenfold.schema.system_fields import with_auth_indexes, with_system_fields
from tenfold.schema.values.dates import to_date
from tenfold.schema.values.generate import generate
from tenfold.schema.wire import AUTH_NAMES, RULES, CollectionShape, to_object

MALFORMED = "Failed to load the submitted data due to invalid formatting."
MALFORMED_TYPE = "Failed to load the collection type data due to invalid formatting."

TYPES: tuple[CollectionType, ...] = ("base", "auth", "view")
Object = dict[str, Any]

_PLAIN_KEYS = frozenset({"id", "name", "system", "indexes", "viewQuery", *RULES})
_BLANKS: Object = {"id": "", "name": "", "system": False, "viewQuery": ""}
"""What null stands for."""
_NO_OPTIONS = AuthOptions(
    auth_rule=None, password_auth=PasswordAuth(enabled=False, identity_fields=())
)
MOST_FIELDS = 1_000


def parse_collection(
    body: Mapping[str, Any], before: Collection | None = None, taken: Container[str] = ()
) -> Collection:
    """The collection that `body` makes of `before`, or of a blank one.

    `taken`: ids that a new one can't be given.

    Keys that are missing stay as they were, nested ones too; a list of fields replaces the
    old list. Ids are made where there are none. Nothing is checked beyond shapes.
    Raises: BadRequest when something is of the wrong shape.
    """
    try:
        made = _overlay(body, before or _blank(body))
        if before is not None and "created" in body:
            made = replace(made, created=to_date(body["created"]) or before.created)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadRequest(MALFORMED) from error
    if before is None and not made.id:
        identifier = collection_id(made.type, made.name)
        suffix = generate("[a-z0-9]{5}") if identifier in taken else ""
        made = replace(made, id=identifier + suffix)
    return with_auth_indexes(_without_lost_mappings(made))


def _blank(body: Mapping[str, Any]) -> Collection:
    type_, name = body.get("type"), body.get("name")
    if not isinstance(type_, str | None) or not isinstance(name, str | None):
        raise BadRequest(MALFORMED_TYPE)
    type_ = type_ or "base"
    if type_ in TYPES:
        return blank(type_)
    return replace(blank("base"), type=cast(CollectionType, type_))


def _overlay(body: Mapping[str, Any], before: Collection) -> Collection:
    current = to_object(before)
    merged = current | {k: v for k, v in body.items() if k in _PLAIN_KEYS}
    merged |= {k: none for k, none in _BLANKS.items() if merged.get(k, none) is None}
    merged["indexes"] = _texts(body.get("indexes", current["indexes"]))
    merged["type"] = body.get("type") or before.type
    merged["fields"] = []
    shape = msgspec.convert(merged, CollectionShape)
    after = shape.collection(_overlay_auth(body, before))
    return replace(after, fields=_overlay_fields(body, before, after.type))


def _texts(raw: object) -> object:
    """A list of texts in which null stands for none."""
    if not isinstance(raw, list):
        return [] if raw is None else raw
    return ["" if item is None else item for item in cast("list[object]", raw)]


def _overlay_fields(body: Mapping[str, Any], before: Collection, type_: str) -> tuple[Field, ...]:
    if "fields" not in body or type_ == "view":
        return before.fields if type_ == "view" else with_system_fields(type_, before.fields)
    raw = body["fields"]
    if raw is None:
        raw = []
    if not isinstance(raw, list) or len(cast("list[Any]", raw)) > MOST_FIELDS:
        raise BadRequest(MALFORMED)
    fields: list[Field] = []
    for item in cast("list[object]", raw):
        add_field(fields, parse_field(item))
    return with_system_fields(type_, fields)


def parse_field(raw: object) -> Field:
    """One field from its JSON object. Raises: BadRequest."""
    if not isinstance(raw, dict):
        raise BadRequest(MALFORMED)
    said = {k: v for k, v in cast(Object, raw).items() if v is not None}
    if said.get("type") == DateField.__struct_config__.tag:
        said |= {k: to_date(said[k]) for k in ("min", "max") if k in said}
    try:
        return msgspec.convert(said, AnyField)
    except msgspec.ValidationError as error:
        raise BadRequest(MALFORMED) from error


def add_field(fields: list[Field], new: Field) -> None:
    """Put a field into a list: in the place of the one it stands for, else at the end.

    One with an id stands for the field with that id; one without for that of its name.
    """
    for at, field in enumerate(fields):
        if field.id == new.id if new.id else field.name == new.name:
            fields[at] = msgspec.structs.replace(new, id=field.id)
            return
    identifier = new.id or field_id(new.type, new.name)
    if any(field.id == identifier for field in fields):
        identifier += generate("[a-z0-9]{5}")
    fields.append(msgspec.structs.replace(new, id=identifier))


def _overlay_auth(body: Mapping[str, Any], before: Collection) -> AuthOptions | None:
    type_ = body.get("type") or before.type
    if type_ != "auth":
        return None
    known: Object = msgspec.to_builtins(before.auth or AuthOptions())
    said = {k: v for k, v in body.items() if k in AUTH_NAMES}
    merged = _merge(known, said, msgspec.to_builtins(_NO_OPTIONS))
    auth = msgspec.convert(merged, AuthOptions)
    return _keep_secrets(auth, before.auth)


def _merge(known: Object, said: Mapping[str, Any], blank: Object) -> Object:
    """Nested objects key by key; everything else as said, null being a blank value."""
    merged = dict(known)
    for key, value in said.items():
        old, none = known.get(key), blank.get(key)
        if value is None:
            merged[key] = none
        elif isinstance(old, dict) and isinstance(none, dict) and isinstance(value, dict):
            merged[key] = _merge(cast(Object, old), cast(Object, value), cast(Object, none))
        elif isinstance(old, list) and isinstance(value, list):
            merged[key] = [_without_nulls(item) for item in cast("list[object]", value)]
        else:
            merged[key] = value
    return merged


def _without_nulls(item: object) -> object:
    if not isinstance(item, dict):
        return item
    return {k: v for k, v in cast(Object, item).items() if v is not None}


def _keep_secrets(auth: AuthOptions, before: AuthOptions | None) -> AuthOptions:
    """Give providers back the secret that clients never see."""
    known = {p.name: p.client_secret for p in before.oauth2.providers} if before else {}
    providers = tuple(
        p if p.client_secret else msgspec.structs.replace(p, client_secret=known.get(p.name, ""))
        for p in auth.oauth2.providers
    )
    oauth2 = msgspec.structs.replace(auth.oauth2, providers=providers)
    return msgspec.structs.replace(auth, oauth2=oauth2)


def _without_lost_mappings(collection: Collection) -> Collection:
    """Drop OAuth2 mappings to fields that are not there."""
    auth = collection.auth
    if auth is None:
        return collection
    names = collection.by_name
    mapped: Object = msgspec.structs.asdict(auth.oauth2.mapped_fields)
    kept = {key: name if name in names else "" for key, name in mapped.items()}
    if kept == mapped:
        return collection
    fields = msgspec.structs.replace(auth.oauth2.mapped_fields, **kept)
    oauth2 = msgspec.structs.replace(auth.oauth2, mapped_fields=fields)
    return replace(collection, auth=msgspec.structs.replace(auth, oauth2=oauth2))
