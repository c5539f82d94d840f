"""What is wrong with the rules of a collection."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.errors import FieldError, FieldErrors
from tenfold.filters import FilterError, check
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.values.faults import sentence

SYSTEM_RULE = FieldError(
    "validation_collection_system_rule_change", "System collection API rule cannot be changed."
)
MUST_BE_NULL = FieldError("validation_nil", "Must be blank.")
OF_WRITES = frozenset({"createRule", "updateRule", "deleteRule"})

Faults = dict[str, "FieldError | FieldErrors"]


def check_rules(collection: Collection, before: Collection | None, catalog: Catalog) -> Faults:
    """Everything wrong with the rules, by wire key; `catalog` holds the collection, too."""
    old = dict(_rules(before)) if before is not None and before.system else None
    faults: Faults = {}
    for key, rule in _rules(collection):
        if old is not None and old.get(key) != rule:
            faults[key] = SYSTEM_RULE
        elif collection.type == "view" and key in OF_WRITES:
            if rule is not None:
                faults[key] = MUST_BE_NULL
        elif fault := _check_rule(rule, collection, catalog):
            faults[key] = fault
    auth = collection.auth
    if auth and auth.mfa.enabled and (fault := _check_rule(auth.mfa.rule, collection, catalog)):
        faults["mfa"] = {"rule": fault}
    return faults


def _rules(collection: Collection) -> Iterator[tuple[str, str | None]]:
    yield "listRule", collection.list_rule
    yield "viewRule", collection.view_rule
    yield "createRule", collection.create_rule
    yield "updateRule", collection.update_rule
    yield "deleteRule", collection.delete_rule
    if collection.auth is not None:
        yield "authRule", collection.auth.auth_rule
        yield "manageRule", collection.auth.manage_rule


def _check_rule(rule: str | None, collection: Collection, catalog: Catalog) -> FieldError | None:
    if not rule:
        return None
    try:
        check(rule, collection, catalog, hidden_allowed=True)
    except FilterError as error:
        told = f"Invalid rule. Raw error: {error.message}"
        return FieldError("validation_invalid_rule", sentence(told))
    return None
