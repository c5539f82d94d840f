"""Collections as JSON: as stored (all of it) and as clients see it (without secrets)."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.schema.auth_options import AuthOptions
from tenfold.schema.collection import Collection
from tenfold.schema.fields import AnyField, Field, NumberField
from tenfold.schema.values.scalars import simplest

RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")
AUTH_KEYS = tuple(msgspec.structs.fields(AuthOptions))
AUTH_NAMES = frozenset(field.encode_name for field in AUTH_KEYS)
_TOKENS = tuple(field.encode_name for field in AUTH_KEYS if field.encode_name.endswith("Token"))


class CollectionShape(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=False):
    """A collection's JSON, the options of its type aside."""

    id: str = ""
    list_rule: str | None = None
    view_rule: str | None = None
    create_rule: str | None = None
    update_rule: str | None = None
    delete_rule: str | None = None
    name: str = ""
    type: str = ""
    fields: list[AnyField] = []
    indexes: list[str] = []
    created: str = ""
    updated: str = ""
    system: bool = False
    view_query: str = ""

    def collection(self, auth: AuthOptions | None) -> Collection:
        """The value that the JSON describes; a type that is none is kept, to be refused."""
        return Collection(
            id=self.id,
            name=self.name,
            type=self.type,  # pyright: ignore[reportArgumentType]
            system=self.system,
            fields=tuple(self.fields),
            indexes=tuple(self.indexes),
            list_rule=self.list_rule,
            view_rule=self.view_rule,
            create_rule=self.create_rule,
            update_rule=self.update_rule,
            delete_rule=self.delete_rule,
            auth=auth,
            view_query=self.view_query,
            created=self.created,
            updated=self.updated,
        )


_decode_shape = msgspec.json.Decoder(CollectionShape).decode
_decode_auth = msgspec.json.Decoder(AuthOptions).decode
_encode = msgspec.json.Encoder().encode


def to_object(collection: Collection) -> dict[str, Any]:
    """Everything about a collection, secrets too, as JSON-ready values."""
    shape = CollectionShape(
        id=collection.id,
        list_rule=collection.list_rule,
        view_rule=collection.view_rule,
        create_rule=collection.create_rule,
        update_rule=collection.update_rule,
        delete_rule=collection.delete_rule,
        name=collection.name,
        type=collection.type,
        fields=list(collection.fields),  # pyright: ignore[reportArgumentType]
        indexes=list(collection.indexes),
        created=collection.created,
        updated=collection.updated,
        system=collection.system,
        view_query=collection.view_query,
    )
    seen: dict[str, Any] = msgspec.to_builtins(shape)
    seen["fields"] = [field_object(field) for field in collection.fields]
    if collection.type != "view":
        del seen["viewQuery"]
    if collection.auth is not None:
        seen |= msgspec.to_builtins(collection.auth)
    return seen


def field_object(field: Field) -> dict[str, Any]:
    """A field's JSON-ready values; whole numbers are integers, as clients sent them."""
    seen: dict[str, Any] = msgspec.to_builtins(field, order="sorted")
    if isinstance(field, NumberField):
        seen |= {key: simplest(seen[key]) for key in ("min", "max") if seen[key] is not None}
    return seen


def encode_stored(collection: Collection) -> str:
    """The JSON text that the database keeps."""
    return _encode(to_object(collection)).decode()


def decode_stored(text: str | bytes) -> Collection:
    """The collection of a JSON text that `encode_stored` made."""
    shape = _decode_shape(text)
    return shape.collection(_decode_auth(text) if shape.type == "auth" else None)


def render_collection(collection: Collection) -> dict[str, Any]:
    """What a superuser sees: no token keys and no OAuth2 secrets."""
    seen = to_object(collection)
    if collection.auth is not None:
        for token in _TOKENS:
            del seen[token]["secret"]
        for provider in seen["oauth2"]["providers"]:
            del provider["clientSecret"]
    return seen
