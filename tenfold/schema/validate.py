"""What can be said against a collection without asking the database or the filter language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields import Field, InputField, TextField
from tenfold.schema.indexes import Index
from tenfold.schema.parse import TYPES
from tenfold.schema.validate_auth import check_auth
from tenfold.schema.values.faults import BAD_SHAPE, IN_LIST, REQUIRED, found, out_of_range

LONGEST_NAME, LONGEST_FIELD_NAME, LONGEST_ID, LONGEST_HELP = 255, 100, 100, 300
REVISION = "_rev"
RESERVED_NAMES = frozenset(
    {"null", "true", "false", "_rowid_", "expand", "collectionId", "collectionName", REVISION}
)
RESERVED_IN_AUTH = frozenset({"passwordConfirm", "oldPassword"})
_WORD = re.compile(r"\w+", re.ASCII)

VIA = FieldError("validation_found_via", 'The value cannot contain "_via_".')
RESERVED = FieldError(
    "validation_reserved_field_name", "The field name is reserved and cannot be used."
)
NAME_TAKEN = FieldError(
    "validation_collection_name_exists", "Collection name must be unique (case insensitive)."
)
NAME_IS_ID = FieldError(
    "validation_collection_name_id_duplicate",
    "The name must not match an existing collection id.",
)
NAME_IS_TABLE = FieldError(
    "validation_collection_name_invalid",
    "The name shouldn't match with an existing internal table.",
)
ID_TAKEN = FieldError(
    "validation_invalid_or_existing_id", "The model id is invalid or already exists."
)
BAD_TYPE = FieldError("validation_in_invalid", "Must be a valid value.")
TYPE_FIXED = FieldError("validation_collection_type_change", "Collection type cannot be changed.")
SYSTEM_FIXED = FieldError(
    "validation_collection_system_flag_change", "System collection state cannot be changed."
)
SYSTEM_NAME_FIXED = FieldError(
    "validation_collection_system_name_change", "System collection name cannot be changed."
)
FIELD_TYPE_FIXED = FieldError("validation_field_type_change", "Field type cannot be changed.")
SYSTEM_FIELD_FIXED = FieldError(
    "validation_system_field_change", "System fields cannot be deleted or renamed."
)
NO_KEY = FieldError("validation_missing_primary_key", 'Missing or invalid "id" PK field.')
TWO_KEYS = FieldError(
    "validation_unsupported_composite_pk",
    "Composite PKs are not supported and the collection must have only 1 PK.",
)
VIEW_INDEXES = FieldError(
    "validation_indexes_not_supported", "View collections don't support indexes."
)
BAD_INDEX = FieldError("validation_invalid_index_expression", "Invalid CREATE INDEX expression.")
INDEX_NAME_TWICE = FieldError("validation_duplicated_index_name", "The index name already exists.")
INDEX_TWICE = FieldError(
    "validation_duplicated_index_definition", "The index definition already exists."
)

Faults = dict[str, "FieldError | FieldErrors"]


def check_collection(collection: Collection, before: Collection | None, catalog: Catalog) -> Faults:
    """Everything wrong with a collection, by key; empty when all is well.

    `catalog` holds the other collections, and may hold this one. Rules, the view query and
    what only the database can tell of indexes are checked elsewhere.
    """
    faults: Faults = {}
    faults |= found(
        id=_check_id(collection, before, catalog),
        name=_check_name(collection, before, catalog),
        type=_check_type(collection, before),
        system=SYSTEM_FIXED if before and before.system != collection.system else None,
    )
    fields = _check_fields(collection, before, catalog)
    indexes = _check_indexes(collection, catalog)
    if fields:
        faults["fields"] = fields
    if indexes:
        faults["indexes"] = indexes
    return faults | check_auth(collection)


def _check_id(
    collection: Collection, before: Collection | None, catalog: Catalog
) -> FieldError | None:
    identifier = collection.id
    if len(identifier) > LONGEST_ID:
        return out_of_range(1, LONGEST_ID)
    if not _WORD.fullmatch(identifier):
        return BAD_SHAPE
    other = catalog.by_id.get(identifier)
    return ID_TAKEN if before is None and other not in (None, collection) else None


def _check_name(
    collection: Collection, before: Collection | None, catalog: Catalog
) -> FieldError | None:
    name = collection.name
    if not name:
        return REQUIRED
    if before is not None and before.name == name:
        return None
    if before is not None and before.system:
        return SYSTEM_NAME_FIXED
    if len(name) > LONGEST_NAME:
        return out_of_range(1, LONGEST_NAME)
    if not _WORD.fullmatch(name):
        return BAD_SHAPE
    if "_via_" in name:
        return VIA
    if name.lower().startswith(REVISION):
        # Names that the store uses while it changes tables.
        return NAME_IS_TABLE
    taken = catalog.by_name.get(name.lower())
    if taken is not None and taken.id != collection.id:
        return NAME_TAKEN
    return NAME_IS_ID if name in catalog.by_id else None


def _check_type(collection: Collection, before: Collection | None) -> FieldError | None:
    if collection.type not in TYPES:
        return BAD_TYPE
    return TYPE_FIXED if before and before.type != collection.type else None


# --- fields ------------------------------------------------------------------------------


def _check_fields(
    collection: Collection, before: Collection | None, catalog: Catalog
) -> FieldError | FieldErrors | None:
    whole = _check_field_set(collection, before)
    if whole:
        return whole
    faults: Faults = {}
    twice = _repeated(collection)
    keys = [f for f in collection.fields if isinstance(f, TextField) and f.primary_key]
    for at, field in enumerate(collection.fields):
        changed = _changed_type(field, before)
        fault = changed or _check_field(field, collection, catalog)
        if field.name and at in twice:
            fault = {"name": _name_twice(field.name)}
        if len(keys) > 1 and field in keys:
            fault = {**(fault if isinstance(fault, Mapping) else {}), "primaryKey": TWO_KEYS}
        if fault:
            faults[str(at)] = fault
    return faults


def _check_field_set(collection: Collection, before: Collection | None) -> FieldError | None:
    if not collection.fields:
        return REQUIRED
    if collection.by_name.get("id") is None:
        return NO_KEY
    return SYSTEM_FIELD_FIXED if _lost_system_field(collection, before) else None


def _lost_system_field(collection: Collection, before: Collection | None) -> bool:
    if before is None or before.type == "view":
        return False
    names = {field.id: field.name for field in collection.fields}
    return any(f.system and names.get(f.id) != f.name for f in before.fields)


def _repeated(collection: Collection) -> set[int]:
    """The positions of fields whose name was there before, in any case."""
    names = [field.name.lower() for field in collection.fields]
    counts = Counter(names)
    return {at for at, name in enumerate(names) if counts[name] > 1 and name in names[:at]}


def _name_twice(name: str) -> FieldError:
    return FieldError(
        "validation_duplicated_field_name",
        f"Duplicated or invalid field name {name}.",
        {"fieldName": name},
    )


def _changed_type(field: Field, before: Collection | None) -> FieldError | None:
    if before is None or before.type == "view":
        return None
    same = (old for old in before.fields if old.id == field.id)
    return FIELD_TYPE_FIXED if any(old.type != field.type for old in same) else None


def _check_field(field: Field, collection: Collection, catalog: Catalog) -> FieldErrors:
    return {
        **found(
            id=out_of_range(1, LONGEST_ID) if len(field.id) > LONGEST_ID else None,
            name=_check_field_name(field.name, collection),
            help=_check_help(field),
        ),
        **field.check_settings(collection, catalog.by_id),
    }


def _check_help(field: Field) -> FieldError | None:
    is_long = isinstance(field, InputField) and len(field.help) > LONGEST_HELP
    return out_of_range(1, LONGEST_HELP) if is_long else None


def _check_field_name(name: str, collection: Collection) -> FieldError | None:
    if not name:
        return REQUIRED
    if len(name) > LONGEST_FIELD_NAME:
        return out_of_range(1, LONGEST_FIELD_NAME)
    if not _WORD.fullmatch(name):
        return BAD_SHAPE
    if "_via_" in name:
        return VIA
    if name in RESERVED_NAMES or name.lower().startswith(REVISION):
        return IN_LIST
    return RESERVED if collection.type == "auth" and name in RESERVED_IN_AUTH else None


# --- indexes -----------------------------------------------------------------------------


def _check_indexes(collection: Collection, catalog: Catalog) -> FieldError | FieldErrors | None:
    if collection.type == "view":
        return VIEW_INDEXES if collection.indexes else None
    taken = _index_owners(collection, catalog)
    faults: dict[str, FieldError] = {}
    names: set[str] = set()
    definitions: set[str] = set()
    for at, text in enumerate(collection.indexes):
        index = Index.parse(text)
        fault = _check_index(index, taken, names, definitions)
        if fault:
            return {**faults, str(at): fault}
        assert index is not None
        names.add(index.name.lower())
        definitions.add(index.definition)
    return faults


def _check_index(
    index: Index | None, taken: Mapping[str, str], names: set[str], definitions: set[str]
) -> FieldError | None:
    if index is None or index.schema.lower() not in ("", "main"):
        return BAD_INDEX
    if index.name.lower() in names:
        return INDEX_NAME_TWICE
    if index.definition in definitions:
        return INDEX_TWICE
    owner = taken.get(index.name.lower())
    if owner is None:
        return None
    return FieldError(
        "validation_existing_index_name",
        f"The index name is already used in {owner} collection.",
        {"usedTableName": owner},
    )


def _index_owners(collection: Collection, catalog: Catalog) -> dict[str, str]:
    """Index name -> the other collection that has it."""
    others = (other for other in catalog.collections if other.id != collection.id)
    return {name: other.name for other in others for name in _index_names(other)}


def _index_names(collection: Collection) -> tuple[str, ...]:
    names: tuple[str, ...] | None = collection.memo.get(_index_names)
    if names is None:
        parsed = map(Index.parse, collection.indexes)
        names = tuple(index.name.lower() for index in parsed if index)
        collection.memo[_index_names] = names
    return names
