"""Bring one store's records to another while the first is written to, and keep them equal.

The change log tells which records have changed; what is copied is always the record as it is
now, under its row number and revision. One step follows another, so that nothing older is ever
put over something newer:

    read a chunk by row number -> put it -> drain: read the log, copy what it names anew

The target's newest log number is the position: it is stored with the rows, in one transaction.
So is how far each collection has been read. A copy that is killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from tenfold.errors import OperatorError
from tenfold.moves.watching import Show
from tenfold.schema.collection import Collection
from tenfold.store.contract import COLLECTIONS, PARAMS, Change, NotUnique
from tenfold.store.copying import BEFORE_ALL, CopyStore, CopyTransaction, Row, write_copy

CHUNK_ROWS = 500
CHANGES_AT_ONCE = 5_000
ATTEMPTS = 20
PROGRESS_KEY = "__move"


class LogGone(OperatorError):
    """The source has forgotten changes that the target has not had: copy anew."""

    def __init__(self) -> None:
        super().__init__("The change log does not go back far enough any more.")


class _Progress(msgspec.Struct):
    """Up to which row number each collection has been copied; `done` ones are followed."""

    rows: dict[str, int] = {}
    done: list[str] = []


@dataclass(slots=True)
class _Dirty:
    """What a stretch of the log names."""

    ids: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    collections: set[str] = field(default_factory=set[str])
    params: set[str] = field(default_factory=set[str])


class Copier:
    """Copies from `source` to `target`; both are open, and nobody else writes to the target."""

    def __init__(self, source: CopyStore, target: CopyStore) -> None:
        self._source = source
        self._target = target
        self._progress = _Progress()

    async def is_followable(self) -> bool:
        """Whether the target was a copy once, and the log still tells what it lacks."""
        if await self._target.param(PROGRESS_KEY) is None:
            return False
        return not await self._misses_changes(await self._target.last_seq())

    async def begin(self) -> None:
        """Go on with a copy that was begun, or begin one: what the target holds is lost."""
        if await self.is_followable():
            text = await self._target.param(PROGRESS_KEY)
            self._progress = msgspec.json.decode(text or "{}", type=_Progress)
            return
        self._progress = _Progress()
        newest, position = await self._source.last_seq(), await self._target.last_seq()
        if position > newest:
            raise OperatorError(
                "The target has a longer history than the source.", hint="name an empty database"
            )
        last = await self._source.changes(newest - 1, 1)
        catalog, params = self._source.catalog, await self._source.params()
        params.pop(PROGRESS_KEY, None)
        old = self._target.catalog

        async def work(tx: CopyTransaction) -> None:
            for collection in _tables(old.collections):
                await tx.empty(collection)
            gone = [c for c in old.collections if c.id not in catalog.by_id]
            await tx.adopt(catalog.collections, gone)
            for key in await self._target.params():
                await tx.keep_param(key, None)
            for key, value in params.items():
                await tx.keep_param(key, value)
            if newest > position:
                await tx.follow(last)
            await self._keep_progress(tx)

        await write_copy(self._target, work)

    async def count(self) -> int:
        """How many rows the source has now."""
        return sum([await self._source.count_rows(c) for c in _tables(self._collections())])

    async def scan(self, show: Show) -> None:
        """Copy every row that has not been copied yet, and what changes meanwhile."""
        while (collection := self._next()) is not None:
            await self._scan(collection, show)
            self._progress.done.append(collection.id)
            await write_copy(self._target, self._keep_progress)
        await self.drain()

    async def drain(self) -> int:
        """Copy what the log names after the position; how many changes that were."""
        total = 0
        for _ in range(ATTEMPTS):
            position = await self._target.last_seq()
            changes = await self._source.changes(position, CHANGES_AT_ONCE)
            if changes and changes[0].seq != position + 1:
                raise LogGone
            if not changes:
                return total
            try:
                await self._follow(changes)
                total += len(changes)
            except NotUnique:
                # A record that was read is newer than another one's in the target: the rest of
                # the log, which is there by now, names that one.
                continue
        return total

    async def mark_source(self) -> None:
        """Let the source be known as a copy of the target, now that both are equal."""
        await write_copy(self._source, self._keep_progress)

    async def lag(self) -> int:
        """How many changes the target has not had."""
        return await self._source.last_seq() - await self._target.last_seq()

    async def _misses_changes(self, position: int) -> bool:
        newest = await self._source.last_seq()
        if position >= newest:
            return position > newest
        following = await self._source.changes(position, 1)
        return not following or following[0].seq != position + 1

    def _collections(self) -> Sequence[Collection]:
        return self._source.catalog.collections

    def _next(self) -> Collection | None:
        left = [c for c in _tables(self._collections()) if c.id not in self._progress.done]
        return left[0] if left else None

    async def _scan(self, collection: Collection, show: Show) -> None:
        while True:
            known = self._source.catalog.by_id.get(collection.id)
            if known is None:
                return
            rows = await self._put_chunk(known)
            await self.drain()
            if not rows:
                return
            show(known.name, rows)

    async def _put_chunk(self, collection: Collection) -> int:
        """Copy the next rows of a collection; how many there were."""
        for _ in range(ATTEMPTS):
            after = self._progress.rows.get(collection.id, BEFORE_ALL)
            rows = await self._source.rows_after(collection, after, CHUNK_ROWS)
            if not rows:
                return 0
            try:
                await write_copy(self._target, lambda tx, r=rows: self._put(tx, collection, r))
            except NotUnique:
                await self.drain()
                continue
            return len(rows)
        raise OperatorError(f"{collection.name} changes too fast to be copied.")

    async def _put(self, tx: CopyTransaction, collection: Collection, rows: list[Row]) -> None:
        found = tx.catalog.by_id[collection.id]
        # Those that the log has named already are there.
        await tx.drop_rows(found, [record.id for _, record in rows])
        await tx.put_rows(found, rows)
        self._progress.rows[collection.id] = rows[-1][0]
        await self._keep_progress(tx)

    async def _follow(self, changes: Sequence[Change]) -> None:
        dirty = _dirty(changes)
        catalog = self._source.catalog
        read: list[tuple[str, list[str], list[Row]]] = []
        for collection_id, ids in dirty.ids.items():
            collection = catalog.by_id.get(collection_id)
            if collection is not None and collection_id not in dirty.collections:
                read.append((collection_id, ids, await self._source.rows_of(collection, ids)))
        params = {key: await self._source.param(key) for key in dirty.params}

        async def work(tx: CopyTransaction) -> None:
            if dirty.collections:
                await self._adopt(tx, dirty.collections)
            for collection_id, ids, rows in read:
                collection = tx.catalog.by_id[collection_id]
                await tx.drop_rows(collection, ids)
                await tx.put_rows(collection, rows)
            for key, value in params.items():
                await tx.keep_param(key, value)
            await tx.follow(changes)

        await write_copy(self._target, work)

    async def _adopt(self, tx: CopyTransaction, changed: set[str]) -> None:
        """Bring changed collections to what they are now; their rows are read anew."""
        catalog = self._source.catalog
        here = [c for c in catalog.collections if c.id in changed]
        gone = [c for c in tx.catalog.collections if c.id not in catalog.by_id]
        for collection in _tables(tx.catalog.collections):
            if collection.id in changed:
                await tx.empty(collection)
        await tx.adopt(here, gone)
        self._progress.done = [i for i in self._progress.done if i not in changed]
        for collection_id in changed:
            self._progress.rows.pop(collection_id, None)
        await self._keep_progress(tx)

    async def _keep_progress(self, tx: CopyTransaction) -> None:
        await tx.keep_param(PROGRESS_KEY, msgspec.json.encode(self._progress).decode())


def _dirty(changes: Sequence[Change]) -> _Dirty:
    found = _Dirty()
    seen: set[tuple[str, str]] = set()
    for change in changes:
        if change.collection_id == COLLECTIONS:
            found.collections.add(change.record_id)
        elif change.collection_id == PARAMS:
            found.params.add(change.record_id)
        elif (change.collection_id, change.record_id) not in seen:
            seen.add((change.collection_id, change.record_id))
            found.ids.setdefault(change.collection_id, []).append(change.record_id)
    found.params.discard(PROGRESS_KEY)
    return found


def _tables(collections: Sequence[Collection]) -> list[Collection]:
    return [c for c in collections if c.type != "view"]
