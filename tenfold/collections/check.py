"""Everything that can be wrong with a collection: shape, rules, and the query of a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenfold.collections.rules import Faults, check_rules
from tenfold.errors import FieldError
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.validate import check_collection
from tenfold.schema.values.faults import REQUIRED, sentence
from tenfold.schema.view_fields import check_names, view_fields
from tenfold.schema.view_query import ViewRefused, parse_view_query
from tenfold.store.contract import Transaction


def bad_query(error: ViewRefused) -> FieldError:
    """What a client is told of a view query that can't be one."""
    return FieldError("validation_invalid_view_query", sentence(f"Invalid query - {error}"))


async def with_fields(tx: Transaction, view: Collection) -> Collection:
    """The view with the fields that its query gives now. Raises: ViewRefused."""
    query = parse_view_query(view.view_query)
    columns = await tx.view_columns(view.view_query)
    return replace(view, fields=view_fields(query, columns, tx.catalog))


async def examine(
    tx: Transaction, collection: Collection, before: Collection | None
) -> tuple[Collection, Faults]:
    """A collection, a view with its fields, and everything that is wrong with it."""
    query_fault: FieldError | None = None
    if collection.type == "view":
        collection, query_fault = await _examine_query(tx, collection)
    faults = check_collection(collection, before, tx.catalog)
    if collection.type == "view" and query_fault is None:
        query_fault = _name_fault(collection, faults)
    if query_fault:
        faults["viewQuery"] = query_fault
    return collection, faults | _rule_faults(collection, before, tx.catalog, faults)


async def _examine_query(tx: Transaction, view: Collection) -> tuple[Collection, FieldError | None]:
    without = replace(view, fields=())
    if not view.view_query:
        return without, REQUIRED
    try:
        return await with_fields(tx, view), None
    except ViewRefused as error:
        return without, bad_query(error)


def _name_fault(view: Collection, faults: Faults) -> FieldError | None:
    try:
        check_names(view.fields, name_faults(faults))
    except ViewRefused as error:
        return bad_query(error)
    return None


def name_faults(faults: Faults) -> dict[str, FieldError]:
    """What is wrong with the names of fields, by position."""
    fields = faults.get("fields")
    if not isinstance(fields, Mapping):
        return {}
    names = {at: fault["name"] for at, fault in fields.items() if isinstance(fault, Mapping)}
    return {at: name for at, name in names.items() if isinstance(name, FieldError)}


def _rule_faults(
    collection: Collection, before: Collection | None, catalog: Catalog, faults: Faults
) -> Faults:
    """The rules' faults, leaving those alone that hide behind another of the same key."""
    found = check_rules(collection, before, catalog.replace([collection]))
    return {key: fault for key, fault in found.items() if key not in faults}
