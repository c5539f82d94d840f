"""The fields and indexes that a collection has whatever its owner says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec

from tenfold.schema.collection import Collection
from tenfold.schema.fields import BoolField, EmailField, Field, PasswordField, TextField
from tenfold.schema.ids import field_id
from tenfold.schema.indexes import Index, on_table
from tenfold.schema.values.patterns import ID_PATTERN

_ID = TextField(
    name="id",
    system=True,
    required=True,
    primary_key=True,
    min=15,
    max=15,
    pattern=ID_PATTERN,
    autogenerate_pattern="[a-z0-9]{15}",
)
_AUTH: tuple[Field, ...] = (
    PasswordField(name="password", system=True, required=True, hidden=True, min=8),
    TextField(
        name="tokenKey",
        system=True,
        required=True,
        hidden=True,
        min=30,
        max=60,
        autogenerate_pattern="[a-zA-Z0-9]{50}",
    ),
    EmailField(name="email", system=True, required=True),
    BoolField(name="emailVisibility", system=True),
    BoolField(name="verified", system=True),
)

_FIXED: dict[str, dict[str, Any]] = {
    "id": {"system": True, "required": True, "primary_key": True, "hidden": False},
    "password": {"system": True, "required": True, "hidden": True},
    "tokenKey": {"system": True, "required": True, "hidden": True},
    "email": {"system": True},
    "emailVisibility": {"system": True},
    "verified": {"system": True},
}
"""What no one can set otherwise on these fields."""


def with_system_fields(type_: str, fields: Iterable[Field]) -> tuple[Field, ...]:
    """The fields with those that the type demands: added where missing, mended where not."""
    listed = list(fields)
    if type_ == "view":
        return tuple(listed)
    _demand(listed, _ID, lambda field: listed.insert(0, field))
    for wanted in _AUTH if type_ == "auth" else ():
        _demand(listed, wanted, listed.append)
    return tuple(listed)


def _demand(listed: list[Field], wanted: Field, add: Callable[[Field], None]) -> None:
    at = next((at for at, field in enumerate(listed) if field.name == wanted.name), None)
    if at is None:
        identifier = field_id(wanted.type, wanted.name)
        if wanted.name != "id" or all(field.id != identifier for field in listed):
            add(msgspec.structs.replace(wanted, id=identifier))
        return
    found = listed[at]
    if type(found) is not type(wanted):
        if wanted.name == "id":
            # The one that is there will be refused as its double.
            add(msgspec.structs.replace(wanted, id=field_id(wanted.type, wanted.name)))
        else:
            listed[at] = msgspec.structs.replace(wanted, id=found.id)
        return
    fixed = dict(_FIXED[wanted.name])
    if wanted.name == "id" and isinstance(found, TextField) and not found.pattern:
        fixed["pattern"] = ID_PATTERN
    listed[at] = msgspec.structs.replace(found, **fixed)


def with_auth_indexes(collection: Collection) -> Collection:
    """Point the indexes at the collection's table; give auth ones the two they need."""
    indexes = [on_table(text, collection.name) for text in collection.indexes]
    if collection.type == "auth":
        parsed = [Index.parse(text) for text in indexes]
        for column, where in (("tokenKey", ""), ("email", " WHERE `email` != ''")):
            if not any(index and index.is_about(column) for index in parsed):
                indexes.append(
                    f"CREATE UNIQUE INDEX `idx_{column}_{collection.id}`"
                    f" ON `{collection.name}` (`{column}`){where}"
                )
    return replace(collection, indexes=tuple(indexes))
