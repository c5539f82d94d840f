"""Finished answers to reads, kept until a change makes them wrong.

Every use is preceded by `Store.poll`, which tells of each committed change first: so an answer
that is still here is the one that the database would give (C2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

import msgspec

from tenfold.cache.memory import GenerationCache
from tenfold.schema.record import Record
from tenfold.schema.render import to_wire
from tenfold.store.contract import COLLECTIONS, Change

_encode = msgspec.json.Encoder().encode

VALUES_RATIO = 2
"""How much more than its JSON a record's values take."""

RecordKey = tuple[str, str]
"""Collection id and record id."""


class RecordAnswer(msgspec.Struct, frozen=True, gc=False):
    """A record's JSON as everyone sees it (None: it depends on who asks).

    `values` are kept where a rule has to look at them. There are many answers and no cycles in
    them, so that the garbage collector need not walk them.
    """

    body: bytes | None
    values: Mapping[str, Any] | None


class Answers:
    """Remembered records, by id, and lists, by query."""

    def __init__(self, limit_bytes: int) -> None:
        self.records: GenerationCache[RecordKey, RecordAnswer]
        self.records = GenerationCache(limit_bytes // 4 * 3)
        self.lists: GenerationCache[tuple[str, ...], tuple[bytes, dict[str, int]]]
        self.lists = GenerationCache(limit_bytes // 4)
        self._counts: dict[str, int] = {}
        self.changes_heard = 0
        self._hearing = Lock()

    def heed(self, change: Change) -> None:
        """Forget what a change makes wrong."""
        with self._hearing:
            self.changes_heard += 1
        collection_id = change.collection_id
        if collection_id == COLLECTIONS or collection_id == "*":
            self.records.clear()
            self.lists.clear()
            return
        self.records.drop((collection_id, change.record_id))
        self._counts[collection_id] = self._counts.get(collection_id, 0) + 1

    def keep_record(self, record: Record, heard: int) -> RecordAnswer:
        """Its answer, remembered unless anything changed during the read. From any thread.

        `heard` is `changes_heard` from before the read.
        """
        body = encode_plain(record)
        is_ruled = body is not None and bool(record.collection.view_rule)
        answer = RecordAnswer(body, record.values if is_ruled else None)
        size_bytes = len(body or b"") * (1 + VALUES_RATIO if is_ruled else 1)
        # A change that comes later finds the answer and drops it.
        with self._hearing:
            if heard == self.changes_heard and record.collection.type != "view":
                self.records.put((record.collection.id, record.id), answer, size_bytes)
        return answer

    def find_list(self, key: tuple[str, ...]) -> bytes | None:
        """A remembered list, if none of the collections it was made from has changed."""
        found = self.lists.get(key)
        if found is None:
            return None
        body, seen = found
        counts = self._counts
        for collection_id, count in seen.items():
            if counts.get(collection_id, 0) != count:
                return None
        return body

    def keep_list(
        self, key: tuple[str, ...], body: bytes, collection_ids: Iterable[str], heard: int
    ) -> None:
        """Remember a list made from collections, unless anything changed during the read.

        `heard` is `changes_heard` from before the read.
        """
        if heard == self.changes_heard:
            # Only the event loop, which is here, hears of changes.
            seen = {i: self._counts.get(i, 0) for i in collection_ids}
            self.lists.put(key, (body, seen), len(body))


def encode_plain(record: Record) -> bytes | None:
    """A record's JSON where it is the same for all who may see it, else None."""
    if record.collection.type == "auth" and not record.values["emailVisibility"]:
        return None
    return _encode(to_wire(record, with_email=True, with_hidden=False))
