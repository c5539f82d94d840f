"""Import collections: all of a list at once, so that they may name each other in any order."""

from __future__ import annotations

import json
from asyncio import sleep
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from tenfold.collections.check import name_faults, with_fields
from tenfold.collections.contract import CollectionFiles
from tenfold.collections.rules import Faults, check_rules
from tenfold.collections.saving import index_faults, raw_error, renew_views
from tenfold.collections.writes import remove_traces, utc_now, with_new_secret
from tenfold.errors import NOT_LOADED, NOT_VALID, BadRequest, FieldError, FieldErrors
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import views_in_order
from tenfold.schema.parse import parse_collection
from tenfold.schema.validate import check_collection
from tenfold.schema.values.dates import date_text
from tenfold.schema.values.faults import REQUIRED, sentence, words
from tenfold.schema.view_fields import check_names
from tenfold.schema.view_query import ViewRefused
from tenfold.schema.wire import to_object
from tenfold.store.contract import SchemaRefused, Store, Transaction

CANT_IMPORT = "Failed to import collections."
MOST_COLLECTIONS = 5_000


@dataclass(frozen=True)
class CollectionImport:
    """The import use case."""

    store: Store
    files: CollectionFiles
    now: Callable[[], datetime] = utc_now

    async def run(self, sent: Mapping[str, Any]) -> None:
        """Save all collections of the body; with "deleteMissing" the others go.

        Raises: BadRequest; then nothing has changed.
        """
        items, delete_missing = _read(sent)

        async def work(tx: Transaction) -> None:
            before = tx.catalog
            asked: list[Collection] = []
            for item in items:
                asked.append(self._asked(item, before, delete_missing))
                await sleep(0)
            kept = {c.id for c in asked}
            gone = [c for c in before.collections if not c.system and c.id not in kept]
            removed = gone if delete_missing else []
            _refuse_twins(asked, before.without(removed))
            await self._save(tx, asked, removed, before)
            for collection in removed:
                await remove_traces(tx, collection, self.files)

        await self.store.write(work)

    def _asked(self, item: Mapping[str, Any], catalog: Catalog, delete_missing: bool) -> Collection:
        """What one item makes of the collection that it names, or of a blank one."""
        identifier, name = item.get("id"), item.get("name")
        before: Collection | None = None
        if isinstance(identifier, str) and identifier:
            before = catalog.by_id.get(identifier)
        elif isinstance(name, str):
            before = catalog.by_name.get(name.lower())
        now = date_text(self.now())
        if before is None:
            made = parse_collection(item, taken=catalog.by_id)
            return replace(made, created=made.created or now, updated=now)
        after = parse_collection(_with_kept_fields(item, before, delete_missing), before)
        return replace(with_new_secret(after, before), updated=now)

    async def _save(
        self,
        tx: Transaction,
        asked: Sequence[Collection],
        removed: Sequence[Collection],
        before: Catalog,
    ) -> None:
        after = before.replace(asked).without(removed)
        for collection in asked:
            if collection.type != "view":
                faults = check_collection(collection, before.by_id.get(collection.id), after)
                _refuse(collection, faults)
                await sleep(0)
        try:
            await tx.save_collections(asked, removed)
            await self._save_views(tx, asked, before)
            await renew_views(tx, [c for c in asked if c.type != "view"])
        except SchemaRefused as refused:
            raise _explained(refused, asked) from refused
        for collection in asked:
            current = tx.catalog.by_id[collection.id]
            _refuse(current, check_rules(current, before.by_id.get(current.id), tx.catalog))
            await sleep(0)

    async def _save_views(
        self, tx: Transaction, asked: Sequence[Collection], before: Catalog
    ) -> None:
        """Give the imported views the fields that the saved tables have now."""
        for view in views_in_order(c for c in asked if c.type == "view"):
            try:
                full = await with_fields(tx, view)
                after = tx.catalog.replace([full])
                faults = check_collection(full, before.by_id.get(full.id), after)
                check_names(full.fields, name_faults(faults))
                _refuse(full, faults)
                await tx.save_collections([full])
                await tx.check_view_ids(full)
            except ViewRefused as error:
                raise _failure(f'failed to save collection "{view.name}": {error}') from error


def _read(sent: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], bool]:
    raw, delete_missing = sent.get("collections"), sent.get("deleteMissing", False)
    if raw is None or raw == []:
        raise BadRequest(NOT_VALID, {"collections": REQUIRED})
    if not isinstance(raw, list) or not isinstance(delete_missing, bool | None):
        raise BadRequest(NOT_LOADED)
    items = cast("list[object]", raw)
    if len(items) > MOST_COLLECTIONS or not all(isinstance(i, dict | None) for i in items):
        raise BadRequest(NOT_LOADED)
    return [cast("Mapping[str, Any]", item or {}) for item in items], bool(delete_missing)


def _with_kept_fields(
    item: Mapping[str, Any], before: Collection, delete_missing: bool
) -> Mapping[str, Any]:
    """The item with the old fields that it does not name; of those that may go, none."""
    fields = item.get("fields")
    if not isinstance(fields, list) or before.type == "view":
        return item
    listed = cast("list[object]", fields)
    named = {key for field in listed for key in _names_of(field)}
    kept = [
        field
        for field, own in zip(to_object(before)["fields"], before.fields, strict=True)
        if own.id not in named and own.name not in named and (own.system or not delete_missing)
    ]
    return {**item, "fields": [*listed, *kept]}


def _names_of(field: object) -> list[str]:
    """The id and the name that a field's JSON has."""
    if not isinstance(field, dict):
        return []
    said = cast("dict[str, object]", field)
    return [value for key in ("id", "name") if isinstance(value := said.get(key), str) and value]


def _refuse_twins(asked: Sequence[Collection], catalog: Catalog) -> None:
    """Two collections can't have one id or one name."""
    ids: set[str] = set()
    own = {c.id for c in asked}
    names = {c.name.lower(): c.id for c in catalog.collections if c.id not in own}
    for collection in asked:
        column = "id (1555)" if collection.id in ids else ""
        if names.setdefault(collection.name.lower(), collection.id) != collection.id:
            column = column or "name (2067)"
        if column:
            unique = f"constraint failed: UNIQUE constraint failed: _collections.{column}"
            raise _failure(f'failed to save collection "{collection.name}": {unique}')
        ids.add(collection.id)


def _refuse(collection: Collection, faults: Faults) -> None:
    if not faults:
        return
    if "indexes" in faults:
        raise BadRequest(CANT_IMPORT, {"indexes": faults["indexes"]})
    told = json.dumps(_plain(faults), indent=2, sort_keys=True, ensure_ascii=False)
    raise _import_fault(
        f'Data validations failed for collection "{collection.name}" ({collection.id}):\n{told}'
    )


def _plain(fault: FieldError | FieldErrors) -> Any:
    """A fault's words as PocketBase's own errors have them."""
    if isinstance(fault, Mapping):
        return {key: _plain(inner) for key, inner in fault.items()}
    return words(fault)


def _explained(refused: SchemaRefused, asked: Sequence[Collection]) -> BadRequest:
    indexes = index_faults(refused, asked)
    if indexes:
        return BadRequest(CANT_IMPORT, {"indexes": indexes})
    step, told = refused.causes[0]
    own = getattr(step, "collection", None)
    names = {c.id: c.name for c in asked}
    if isinstance(own, Collection) and own.id in names:
        return _failure(f'failed to save collection "{own.name}": {told}')
    return _failure(raw_error(refused, asked))


def _failure(raw: str) -> BadRequest:
    return _import_fault(f"Failed to import the collections configuration. Raw error:\n{raw}")


def _import_fault(message: str) -> BadRequest:
    fault = FieldError("validation_collections_import_failure", sentence(message))
    return BadRequest(CANT_IMPORT, {"collections": fault})
