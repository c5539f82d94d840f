"""Resolve the names of one plan: own fields, @request, @collection and macros."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tenfold.filters.errors import FilterError
from tenfold.filters.macros import NUMBER_MACROS, TEXT_MACROS
from tenfold.filters.operands import (
    Caller,
    Changed,
    Column,
    Element,
    Fixed,
    JsonPart,
    Kind,
    Operand,
    Own,
    Seen,
    Value,
)
from tenfold.filters.paths import Paths, split_modifier, takes_many
from tenfold.filters.slots import (
    Slots,
    body_has,
    body_length,
    body_list,
    body_lower,
    body_value,
    caller_value,
)
from tenfold.filters.values import Scalar, lower
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields.contract import Field, Storage

# These are the same in every auth collection, so they need no look at the caller's one.
_CALLER_TEXT: dict[str, Callable[[RequestFacts], Scalar]] = {
    "collectionId": lambda facts: facts.actor.record.collection.id if facts.actor else None,
    "collectionName": lambda facts: facts.actor.record.collection.name if facts.actor else None,
}
_CALLER_KINDS: dict[str, Kind] = {
    "id": "text",
    "email": "text",
    "verified": "bool",
    "emailVisibility": "bool",
}
IDENTITY = frozenset({"id", "collectionId", "collectionName"})

_KINDS: dict[Storage, Kind] = {
    Storage.TEXT: "text",
    Storage.NUMBER: "number",
    Storage.BOOL: "bool",
    Storage.LIST: "list",
}


@dataclass(slots=True)
class Names:
    """Resolves names for one base collection and one kind of caller.

    `caller` is the collection of the caller's record, None for a guest. `reads` gathers the
    parts of the request that were named; `needs_caller` tells that another caller's
    collection could give another meaning.
    """

    own: Own | Seen
    caller: Collection | None
    catalog: Catalog
    slots: Slots
    paths: Paths
    reads: set[str] = field(default_factory=set[str])
    needs_caller: bool = False
    is_volatile: bool = False

    def about(self, seen: Seen) -> Names:
        """A resolver for a rule about a joined row, within the same plan."""
        paths = Paths(self.catalog, self.slots, True, self.paths.used, self.paths.sources)
        return Names(seen, self.caller, self.catalog, self.slots, paths, self.reads)

    def heed(self, inner: Names) -> None:
        """Depend on what an inner resolver depends on."""
        self.needs_caller |= inner.needs_caller
        self.is_volatile |= inner.is_volatile

    def constant(self, slot: int, value: str | float) -> int:
        """The slot of a constant; those of inner rules are values like those of a request."""
        if isinstance(self.own, Own):
            return slot
        return self.slots.take(f"{self.own.key}#{slot}", lambda facts, now: value)

    def resolve(self, text: str) -> Operand:
        """What a name means. Raises: FilterError."""
        if not text.startswith(("@", "#")):
            return self.paths.resolve(self.own, text.split("."))
        if text in TEXT_MACROS or text in NUMBER_MACROS:
            return self._macro(text)
        root, *rest = text.split(".")
        if root == "@collection" and len(rest) > 1:
            return self._foreign(rest)
        if root == "@request" and rest:
            return self._request(rest)
        raise FilterError(f"failed to resolve field {text!r}")

    def _macro(self, text: str) -> Value:
        self.is_volatile = True
        if text in TEXT_MACROS:
            make = TEXT_MACROS[text]
            return Value(self.slots.take(text, lambda _, now: make(now())), "text")
        count = NUMBER_MACROS[text]
        return Value(self.slots.take(text, lambda _, now: count(now())), "number")

    def _foreign(self, path: list[str]) -> Operand:
        name, _, alias = path[0].partition(":")
        collection = self.catalog.find(name)
        if collection is None:
            raise FilterError(f"failed to load collection {name!r}")
        return self.paths.resolve(self.paths.foreign(collection, alias), path[1:])

    def _request(self, path: list[str]) -> Operand:
        part, *rest = path
        if part in ("method", "context") and not rest:
            self.reads.add(part)
            return self._fact(f"@{part}", lambda facts: getattr(facts, part))
        if rest and part == "auth":
            return self._auth(rest)
        if rest and part in ("query", "headers"):
            self.reads.add(part)
            return self._text_map(part, rest)
        if rest and part == "body":
            self.reads.add(part)
            return self._body(rest)
        raise FilterError(f"failed to resolve field '@request.{'.'.join(path)}'")

    def _fact(self, name: str, get: Callable[[RequestFacts], Scalar]) -> Value:
        return Value(self.slots.take(name, lambda facts, _: get(facts)), "text")

    def _auth(self, path: list[str]) -> Operand:
        name = path[0]
        self.reads.add("auth" if len(path) == 1 and name in IDENTITY else "auth_record")
        if len(path) == 1 and name in _CALLER_TEXT:
            return self._fact(f"@auth.{name}", _CALLER_TEXT[name])
        if len(path) == 1 and name in _CALLER_KINDS:
            slot = self.slots.take(f"@caller.{name}", caller_value(name))
            return Value(slot, _CALLER_KINDS[name])
        self.needs_caller = True
        if self.caller is None:
            return Fixed(None)
        return self.paths.resolve(Caller("@auth", False, False, self.caller), path, lenient=True)

    def _text_map(self, part: str, path: list[str]) -> Operand:
        name, modifier = split_modifier(path[-1])
        if modifier not in ("", "isset", "lower"):
            raise FilterError(f"invalid modifier sequence {path[-1]}")
        if len(path) > 1:
            return Fixed(False if modifier == "isset" else None)
        if modifier == "isset":
            slot = self.slots.take(
                f"@{part}.{name}:isset", lambda facts, _: name in getattr(facts, part)
            )
            return Value(slot, "flag")
        if modifier == "lower":
            return self._fact(
                f"@{part}.{name}:lower", lambda facts: lower(getattr(facts, part).get(name, ""))
            )
        return self._fact(f"@{part}.{name}", lambda facts: getattr(facts, part).get(name))

    def _body(self, path: list[str]) -> Operand:
        found = self.own.collection.by_name.get(path[0].partition(":")[0])
        if found is not None and found.type == "relation" and len(path) > 1:
            slot = self.slots.take(f"@body.{found.name}[]", body_list(found.name))
            return self.paths.resolve(self.paths.sent(found, slot), path[1:], lenient=True)
        if path[-1].count(":") > 1:
            return Fixed(None)
        name, modifier = split_modifier(path[-1])
        keys = [*path[:-1], name]
        known = found if len(path) == 1 else None
        return self._body_value(keys, modifier, known)

    def _body_value(self, keys: list[str], modifier: str, known: Field | None) -> Operand:
        key = ".".join(keys)
        if modifier == "isset":
            return Value(self.slots.take(f"@body.{key}:isset", body_has(keys)), "flag")
        if modifier == "lower":
            slot = self.slots.take(f"@body.{key}:lower", body_lower(keys))
            return Value(slot, "text")
        if modifier:
            return self._body_field(keys, modifier, known)
        kind = _KINDS.get(known.storage) if known else None
        return Value(self.slots.take(f"@body.{key}", body_value(keys)), kind)

    def _body_field(self, keys: list[str], modifier: str, known: Field | None) -> Operand:
        name = keys[0]
        if known is None:
            raise FilterError(f"invalid modifier sequence {'.'.join(keys)}:{modifier}")
        if modifier == "changed":
            return self._changed(known)
        if not takes_many(known):
            raise FilterError(f"field {name!r} doesn't support multivalue operations")
        if modifier == "length":
            return Value(self.slots.take(f"@body.{name}:length", body_length(name)), "number")
        slot = self.slots.take(f"@body.{name}[]", body_list(name))
        many = known.is_multiple
        return Element(self.paths.sent_items(name, slot, many))

    def _changed(self, known: Field) -> Changed:
        is_set = self._body_value([known.name], "isset", known)
        sent = self._body_value([known.name], "", known)
        column = self.paths.resolve(self.own, [known.name])
        assert isinstance(is_set, Value) and isinstance(sent, Value)
        assert isinstance(column, (Column, JsonPart))
        return Changed(is_set, sent, column)


def names_for(
    collection: Collection,
    caller: Collection | None,
    catalog: Catalog,
    first_slot: int,
    *,
    hidden_allowed: bool,
) -> Names:
    """A resolver of the names of one plan, whose values follow `first_slot` constants."""
    slots = Slots(first_slot)
    paths = Paths(catalog, slots, hidden_allowed)
    return Names(Own("", False, False, collection), caller, catalog, slots, paths)
