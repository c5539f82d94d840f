"""Bring the database to new descriptions, views too, and say what it has against them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenfold.collections.check import bad_query, with_fields
from tenfold.errors import BadRequest, FieldError
from tenfold.schema.collection import Collection
from tenfold.schema.diff import CreateIndex, CreateTable, CreateView, RenameTable, affected_views
from tenfold.schema.indexes import Index
from tenfold.schema.validate import NAME_IS_TABLE
from tenfold.schema.values.faults import ended, sentence
from tenfold.schema.view_fields import is_same
from tenfold.schema.view_query import ViewRefused
from tenfold.store.contract import SchemaRefused, Transaction

IN_USE = ("already exists", "already another table")


async def save(
    tx: Transaction, collection: Collection, before: Collection | None, message: str
) -> None:
    """Save one collection whose description was found good. Raises: BadRequest."""
    try:
        await tx.save_collections([collection])
        if collection.type == "view":
            await tx.check_view_ids(collection)
        if before is not None and before.fields != collection.fields:
            await renew_views(tx, [collection])
    except SchemaRefused as refused:
        raise explained(refused, [collection], message) from refused
    except ViewRefused as refused:
        raise BadRequest(message, {"viewQuery": bad_query(refused)}) from refused


async def renew_views(tx: Transaction, sources: Iterable[Collection]) -> None:
    """Give the views that read changed collections their new fields. Raises: SchemaRefused."""
    for view in affected_views(tx.catalog.collections, [c.name for c in sources]):
        try:
            renewed = await with_fields(tx, view)
        except ViewRefused as error:
            cause = (CreateView(view), str(error))
            raise SchemaRefused((cause,)) from error
        if not is_same(view.fields, renewed.fields):
            await tx.save_collections([renewed])


def explained(refused: SchemaRefused, saved: Sequence[Collection], message: str) -> BadRequest:
    """What a client is told of what the database refused."""
    indexes = index_faults(refused, saved)
    if indexes:
        return BadRequest(message, {"indexes": indexes})
    step, told = refused.causes[0]
    if isinstance(step, CreateTable | RenameTable) and any(words in told for words in IN_USE):
        return BadRequest(message, {"name": NAME_IS_TABLE})
    return BadRequest(f"{message} Raw error: \n{ended(raw_error(refused, saved))}")


def raw_error(refused: SchemaRefused, saved: Iterable[Collection]) -> str:
    """The database's own words, and which other collection they are about."""
    step, told = refused.causes[0]
    if isinstance(step, CreateView) and step.collection.id not in {c.id for c in saved}:
        return f"error in view {step.collection.name}: {told}"
    if isinstance(step, CreateView):
        return f"failed to normalize view query id: {told}"
    return told


def index_faults(refused: SchemaRefused, saved: Iterable[Collection]) -> dict[str, FieldError]:
    """Indexes that could not be made, by their position in their collection."""
    faults: dict[str, FieldError] = {}
    for step, told in refused.causes:
        if not isinstance(step, CreateIndex):
            return {}
        index = Index.parse(step.text)
        name = index.name if index else ""
        at = next((c.indexes.index(step.text) for c in saved if step.text in c.indexes), 0)
        faults[str(at)] = FieldError(
            "validation_invalid_index_expression",
            sentence(f"Failed to create index {name} - {told}"),
        )
    return faults
