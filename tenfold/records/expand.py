"""Put related records into `expand`, each under its own view rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from tenfold.errors import BadRequest, Forbidden
from tenfold.records import access
from tenfold.records.footprint import Footprint
from tenfold.records.relations import ids_of, naming, references_to
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.fields.relation import RelationField
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tenfold.store.select import Condition, Query

MAX_DEPTH = 6
MAX_PATHS = 100
MAX_BACK_RECORDS = 1_000
_VIA = re.compile(r"(\w+)_via_(\w+)|(\w+)\((\w+)\)")

Tree = dict[str, "Tree"]


def parse_expand(text: str) -> Tree:
    """Parse `author,comments_via_post.user` to a tree of names."""
    root: Tree = {}
    paths = [p for part in text.split(",") if (p := part.strip(" ."))]
    if len(paths) > MAX_PATHS:
        raise BadRequest("Too many relations are to be expanded.")
    for path in paths:
        node = root
        for name in path.split(".")[:MAX_DEPTH]:
            node = node.setdefault(name, {})
    return root


@dataclass(frozen=True)
class Expander:
    """Fills `Record.expand` for one request. Names that lead nowhere are left aside.

    `footprint` collects what the answer then depends on.
    """

    reads: Reads
    facts: RequestFacts
    footprint: Footprint

    async def expand(self, records: list[Record], tree: Tree) -> bool:
        """Expand all names of a tree on records of one collection.

        Tells whether any of its paths led somewhere: a path that breaks off shows nothing, not
        even its beginning.
        """
        if not records or not tree:
            return True
        return any([await self._expand_name(records, *branch) for branch in tree.items()])

    async def _expand_name(self, records: list[Record], name: str, below: Tree) -> bool:
        collection = records[0].collection
        field = collection.by_name.get(name)
        if isinstance(field, RelationField):
            if field.hidden and not self.facts.is_superuser:
                return False
            return await self._expand_forward(records, field, below)
        return field is None and await self._expand_back(records, name, below)

    async def _expand_forward(
        self, records: list[Record], field: RelationField, below: Tree
    ) -> bool:
        target = self.reads.catalog.by_id.get(field.collection_id)
        rule = self._rule(target) if target else None
        if target is None or rule is None:
            return False
        wanted = list(dict.fromkeys(i for record in records for i in ids_of(record, field)))
        found = await self._passing(rule, await self.reads.find_many(target, wanted))
        if not await self.expand(list(found.values()), below):
            return False
        for record in records:
            related = [found[i] for i in ids_of(record, field) if i in found]
            _put(record, field.name, related, is_single=not field.is_multiple)
        return True

    async def _expand_back(self, records: list[Record], name: str, below: Tree) -> bool:
        origin = self._back_field(records[0].collection, name)
        rule = self._rule(origin[0]) if origin else None
        if origin is None or rule is None:
            return False
        collection, field = origin
        catalog = self.reads.catalog
        found: list[list[Record]] = []
        for record in records:
            where = (naming(collection, field, record.id, catalog), *rule)
            query = Query(collection, where, limit=MAX_BACK_RECORDS)
            found.append(await self.reads.select(query))
        if not await self.expand([r for related in found for r in related], below):
            return False
        # A unique index means there can be no second one.
        is_single = not field.is_multiple and field.name.lower() in collection.unique_columns
        for record, related in zip(records, found, strict=True):
            _put(record, name, related, is_single=is_single)
        return True

    def _back_field(self, target: Collection, name: str) -> tuple[Collection, RelationField] | None:
        match = _VIA.fullmatch(name)
        if match is None:
            return None
        source_name, field_name = match[1] or match[3], match[2] or match[4]
        for collection, field in references_to(target, self.reads.catalog):
            if collection.name == source_name and field.name == field_name:
                is_seen = not field.hidden or self.facts.is_superuser
                return (collection, field) if is_seen else None
        return None

    def _rule(self, collection: Collection) -> tuple[Condition, ...] | None:
        """What related records must fulfil; None when the caller sees none at all."""
        self.footprint.add_collection(collection)
        facts = msgspec.structs.replace(self.facts, context="expand")
        try:
            rule = access.conditions(collection, "view", self.reads.catalog, facts)
        except Forbidden:
            return None
        self.footprint.add_conditions(rule)
        return rule

    async def _passing(
        self, rule: tuple[Condition, ...], found: dict[str, Record]
    ) -> dict[str, Record]:
        for condition in rule:
            found = {i: r for i, r in found.items() if await self.reads.holds(condition, r)}
        return found


def _put(record: Record, name: str, related: list[Record], *, is_single: bool) -> None:
    if record.expand is None:
        record.expand = {}
    if related:
        record.expand[name] = related[0] if is_single else related
