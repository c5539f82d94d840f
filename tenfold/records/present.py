"""Records as this caller may see them: hidden fields, e-mail addresses, expands, fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tenfold.hooks import HookRegistry
from tenfold.records import access
from tenfold.records.expand import Expander, parse_expand
from tenfold.records.footprint import Footprint
from tenfold.records.shape import parse_shape
from tenfold.schema.actor import RequestFacts
from tenfold.schema.record import Record
from tenfold.schema.render import to_wire
from tenfold.store.contract import Reads

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Presenter:
    """Turns records into the JSON objects that one caller gets."""

    hooks: HookRegistry

    async def present(
        self,
        reads: Reads,
        records: list[Record],
        facts: RequestFacts,
        query: Mapping[str, str],
        footprint: Footprint | None = None,
    ) -> list[Any]:
        """The records' wire form, with `expand` and `fields` of the query applied.

        Adds to `footprint` what the result depends on beside the records themselves.
        Raises: BadRequest when `fields` or `expand` can't be read.
        """
        shape = parse_shape(query.get("fields", ""))
        expand = query.get("expand", "")
        if expand:
            expander = Expander(reads, facts, footprint or Footprint())
            await expander.expand(records, parse_expand(expand))
        wired = await self.wire(reads, records, facts)
        return [shape.pick(w) for w in wired] if shape else wired

    async def render(
        self, reads: Reads, record: Record, facts: RequestFacts, expand: str, fields: str
    ) -> bytes:
        """One record's JSON text; the record need not be stored (any longer).

        Raises: BadRequest when `expand` or `fields` can't be read.
        """
        query = {"expand": expand, "fields": fields}
        return _encode((await self.present(reads, [record], facts, query))[0])

    async def wire(
        self, reads: Reads, records: list[Record], facts: RequestFacts
    ) -> list[dict[str, Any]]:
        """The wire form of records of one collection, their expanded records inside."""
        wired = [
            to_wire(
                record,
                with_email=await shows_email(reads, record, facts),
                with_hidden=facts.is_superuser,
            )
            for record in records
        ]
        if records and self.hooks.has("view", records[0].collection):
            await self._enrich(records, wired, facts)
        for record, seen in zip(records, wired, strict=True):
            if record.expand is not None:
                seen["expand"] = {
                    name: await self._wire_related(reads, related, facts)
                    for name, related in record.expand.items()
                }
        return wired

    async def _enrich(
        self, records: list[Record], wired: list[dict[str, Any]], facts: RequestFacts
    ) -> None:
        found = await self.hooks.enrich("view", records[0].collection, records, facts)
        for seen, enriched in zip(wired, found, strict=True):
            for name in enriched.hidden:
                seen.pop(name, None)
            seen |= enriched.extra

    async def _wire_related(
        self, reads: Reads, related: Record | list[Record], facts: RequestFacts
    ) -> Any:
        if isinstance(related, list):
            return await self.wire(reads, related, facts)
        return (await self.wire(reads, [related], facts))[0]


async def shows_email(reads: Reads, record: Record, facts: RequestFacts) -> bool:
    """Whether the caller may see an auth record's e-mail address."""
    if record.collection.type != "auth" or record.values["emailVisibility"]:
        return True
    if facts.is_superuser:
        return True
    actor = facts.actor
    if actor is None:
        return False
    own = actor.record
    if own.id == record.id and own.collection.id == record.collection.id:
        return True
    return await access.can_manage(reads, record, facts)
