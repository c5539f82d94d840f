"""Walk a dotted path through fields, relations and back relations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from tenfold.filters.errors import FilterError
from tenfold.filters.operands import (
    Back,
    Caller,
    Column,
    Element,
    Fixed,
    Foreign,
    Items,
    JsonPart,
    Length,
    Lower,
    Operand,
    Own,
    Related,
    Seen,
    Sent,
    SentItems,
    Source,
)
from tenfold.filters.slots import Slots
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields.contract import Field, Storage
from tenfold.schema.indexes import parsed

MAX_RELATIONS = 6
MAX_SOURCES = 50
MODIFIERS = frozenset({"isset", "changed", "length", "each", "lower"})
LIST_TYPES = frozenset({"select", "file", "relation"})

_S = TypeVar("_S", bound=Source)
RowSource = Own | Seen | Caller | Related | Back | Foreign | Sent

_BACK = re.compile(r"(\w+)_via_(\w+)", re.ASCII)


def split_modifier(text: str) -> tuple[str, str]:
    """`name:modifier` -> name, modifier ("" when there is none). Raises: FilterError."""
    name, _, modifier = text.partition(":")
    if modifier and modifier not in MODIFIERS:
        raise FilterError(f"unknown modifier in {text!r}")
    return name, modifier


def takes_many(field: Field) -> bool:
    """Whether `:each` and `:length` mean something for a field."""
    return field.type in LIST_TYPES


@dataclass(slots=True)
class Paths:
    """Resolves paths of one plan; every source is made once, so that names share rows.

    `used` gathers the ids of the collections that were joined.
    """

    catalog: Catalog
    slots: Slots
    hidden_allowed: bool
    used: set[str] = field(default_factory=set[str])
    sources: dict[str, Source] = field(default_factory=dict[str, Source])

    def resolve(self, start: RowSource, path: list[str], *, lenient: bool = False) -> Operand:
        """What a path that starts at a source means.

        Lenient: an unknown last field gives null instead of an error.
        """
        source = start
        for step, part in enumerate(path[:-1]):
            found = self._field(source.collection, split_modifier(part)[0])
            if found is not None and found.storage in (Storage.JSON, Storage.POINT):
                return JsonPart(self.column(source, found), json_path(path[step + 1 :]))
            if step == MAX_RELATIONS:
                raise FilterError(f"more than {MAX_RELATIONS} relations in {'.'.join(path)!r}")
            if found and path[step + 1 :] == ["id"] and self._is_enough(found):
                return self._named(source, found)
            if lenient and found is None and self._back_relation(source, part) is None:
                return Fixed(None)
            source = self._follow(source, part, found)
        return self._last(source, path[-1], lenient)

    def column(self, source: Source, found: Field) -> Column:
        """A field of a source."""
        slot = self.slots.caller_field(found) if isinstance(source, Caller) else None
        return Column(source, found, slot)

    def items(self, column: Column) -> Items:
        """The elements of a list column."""
        key = f"{column.source.key}.{column.field.name}[]"
        return self._once(key, lambda: Items(key, True, True, column))

    def foreign(self, collection: Collection, alias: str) -> Foreign:
        """All rows of a collection, under an alias."""
        key = f"@collection:{alias}" if alias else f"@collection.{collection.name.lower()}"
        self.used.add(collection.id)
        found = self._once(key, lambda: Foreign(key, True, True, collection))
        if found.collection.id != collection.id:
            raise FilterError(f"alias {alias!r} stands for two collections")
        return found

    def sent(self, relation: Field, slot: int) -> Sent:
        """The records that a relation in the request's body names."""
        key = f"@request.body.{relation.name}"
        many = relation.is_multiple
        target = self._target(relation)
        return self._once(key, lambda: Sent(key, many, many, slot, target))

    def sent_items(self, name: str, slot: int, many: bool) -> SentItems:
        """The elements of a list in the request's body."""
        key = f"@request.body.{name}[]"
        return self._once(key, lambda: SentItems(key, many, True, slot))

    def _is_enough(self, relation: Field) -> bool:
        """Whether the ids in a relation stand for those of its records.

        Clients learn of many only the ones that they may list, as in PocketBase.
        """
        return relation.type == "relation" and (self.hidden_allowed or not relation.is_multiple)

    def _named(self, source: RowSource, relation: Field) -> Operand:
        """The ids that a relation holds: deletes keep them valid, so no join is needed."""
        column = self.column(source, relation)
        return Element(self.items(column)) if relation.is_multiple else column

    def _last(self, source: RowSource, part: str, lenient: bool) -> Operand:
        name, modifier = split_modifier(part)
        found = self._field(source.collection, name)
        if found is None:
            return self._unknown(name, lenient)
        column = self.column(source, found)
        operand: Operand = column
        if found.storage is Storage.JSON:
            operand = JsonPart(column, ())
        if modifier == "lower":
            return Lower(operand)
        if modifier == "length" and takes_many(found):
            return Length(column)
        if modifier == "each" and takes_many(found) and found.is_multiple:
            return Element(self.items(column))
        return operand

    def _unknown(self, name: str, lenient: bool) -> Operand:
        if not lenient:
            raise FilterError(f"unknown field {name!r}")
        return Fixed(None)

    def _field(self, collection: Collection, name: str) -> Field | None:
        found = collection.by_name.get(name)
        if found is not None and found.hidden and not self.hidden_allowed:
            raise FilterError(f"non-filterable field {name!r}")
        return found

    def _follow(self, source: RowSource, part: str, found: Field | None) -> RowSource:
        if found is not None and found.type == "relation":
            return self._related(source, found)
        back = self._back_relation(source, part) if found is None else None
        if back is None:
            raise FilterError(f"{part!r} is not a valid relation of {source.collection.name!r}")
        return self._back(source, part, *back)

    def _back_relation(self, source: RowSource, part: str) -> tuple[Collection, Field] | None:
        """The collection and the field of `posts_via_author`, if it leads to the source."""
        match = _BACK.fullmatch(part)
        collection = self.catalog.find(match[1]) if match else None
        relation = self._field(collection, match[2]) if match and collection else None
        if collection is None or relation is None or relation.type != "relation":
            return None
        leads_here = getattr(relation, "collection_id", "") == source.collection.id
        return (collection, relation) if leads_here else None

    def _related(self, source: RowSource, relation: Field) -> Related:
        column = self.column(source, relation)
        key = f"{source.key}.{relation.name}"
        target = self._target(relation)
        if not relation.is_multiple:
            return self._once(
                key,
                lambda: Related(key, source.is_multiple, source.multiplies, column, None, target),
            )
        items = self.items(column)
        return self._once(key, lambda: Related(key, True, True, column, items, target))

    def _target(self, relation: Field) -> Collection:
        target = self.catalog.by_id.get(getattr(relation, "collection_id", ""))
        if target is None:
            raise FilterError(f"the collection of relation {relation.name!r} is gone")
        self.used.add(target.id)
        return target

    def _back(self, source: RowSource, part: str, collection: Collection, relation: Field) -> Back:
        self.used.add(collection.id)
        key = f"{source.key}.{part}"
        unique, partial = (
            (False, False) if relation.is_multiple else _unique(collection, relation.name)
        )
        anchor = self.column(source, source.collection.by_name["id"])
        return self._once(
            key,
            lambda: Back(
                key,
                source.is_multiple or not unique,
                source.multiplies or not unique or partial,
                anchor,
                collection,
                relation,
            ),
        )

    def _once(self, key: str, make: Callable[[], _S]) -> _S:
        if key not in self.sources:
            if len(self.sources) == MAX_SOURCES:
                raise FilterError(f"more than {MAX_SOURCES} joins")
            self.sources[key] = make()
        return cast(_S, self.sources[key])


def _unique(collection: Collection, column: str) -> tuple[bool, bool]:
    """Whether a unique index covers just this column, and whether only some of its rows."""
    found = [index for index in parsed(collection.indexes) if index.is_about(column)]
    return bool(found), bool(found) and all(index.where for index in found)


def json_path(parts: list[str]) -> tuple[str | int, ...]:
    """The rest of a path inside a JSON value; PocketBase takes a modifier as part of a key."""
    keys = (part.replace(":", "") for part in parts)
    return tuple(int(key) if key.isdigit() else key for key in keys)
