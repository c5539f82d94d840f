"""Look at every row on both sides of a move: number, revision, all values.

Rows are compared while they are written to. Two sides that differ are looked at again after
the log has been followed; what still differs then, and did not change between the looks, is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from tenfold.moves.copier import Copier
from tenfold.moves.watching import Show
from tenfold.schema.collection import Collection
from tenfold.store.copying import BEFORE_ALL, CopyStore, Row

ROWS_AT_ONCE = 1_000
LOOKS = 10
TOLD_AT_MOST = 20
LAST_NUMBER = (1 << 63) - 1

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(slots=True)
class Compared:
    """What came out: rows that are equal, and the first of those that are not."""

    rows: int = 0
    collections: int = 0
    digest: str = ""
    """Of all rows, in order; the same on both sides when nothing differs."""

    differing: list[str] = field(default_factory=list[str])
    """`collection/id` of rows that differ."""


class Comparison:
    """Compares what a copier has copied."""

    def __init__(self, source: CopyStore, target: CopyStore, copier: Copier) -> None:
        self._source = source
        self._target = target
        self._copier = copier
        self._digest = hashlib.blake2b(digest_size=16)

    async def run(self, show: Show) -> Compared:
        """Compare all rows of all collections."""
        found = Compared()
        for collection in self._source.catalog.collections:
            if collection.type != "view":
                await self._compare(collection, found, show)
                found.collections += 1
        found.digest = self._digest.hexdigest()
        return found

    async def _compare(self, collection: Collection, found: Compared, show: Show) -> None:
        low = BEFORE_ALL
        while True:
            rows = await self._source.rows_after(collection, low, ROWS_AT_ONCE)
            high = rows[-1][0] if rows else LAST_NUMBER
            unequal = await self._unequal(collection, low, high, found)
            room = TOLD_AT_MOST - len(found.differing)
            found.differing += [f"{collection.name}/{i}" for i in sorted(unequal)[:room]]
            if not rows:
                return
            found.rows += len(rows)
            show(collection.name, len(rows))
            low = high

    async def _unequal(
        self, collection: Collection, low: int, high: int, found: Compared
    ) -> set[str]:
        unequal: set[str] = set()
        for _ in range(LOOKS):
            ours = _digests(await self._source.rows_between(collection, low, high))
            theirs = _digests(await self._target.rows_between(collection, low, high))
            unequal = {i for i in ours.keys() | theirs.keys() if ours.get(i) != theirs.get(i)}
            if not unequal:
                for one in ours.values():
                    self._digest.update(one)
                return set()
            await self._copier.drain()
        return unequal


def _digests(rows: Sequence[Row]) -> dict[str, bytes]:
    return {
        record.id: hashlib.blake2b(
            _encode((number, record.rev, record.values)), digest_size=16
        ).digest()
        for number, record in rows
    }
