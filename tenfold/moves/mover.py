"""The live move: everything to the other place while clients read and write, then the switch.

Runs in a process of its own beside the service (which may as well be off). Every step can be
repeated: a mover that is killed is started again and goes on; before the switch it can be
given up. Between two phases it waits until every worker has dealt with the last one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenfold.blobs import Blobs
from tenfold.errors import OperatorError
from tenfold.moves import state
from tenfold.moves.compare import Compared, Comparison
from tenfold.moves.copier import PROGRESS_KEY, Copier
from tenfold.moves.files import FilesCompared, compare_files, copy_files, copy_missed
from tenfold.moves.presence import all_have_dealt_with
from tenfold.moves.state import Move, Overtaken, Place
from tenfold.moves.watching import Watcher
from tenfold.schema.collection import SUPERUSERS
from tenfold.store.copying import CopyStore, write_copy

LOOK_S = 0.002
WORKERS_LIMIT_S = 60.0
HOLD_LIMIT_S = 0.9
"""Writes that were held so long go on, and the switch is tried again."""

SWITCHES_AT_MOST = 20
PAUSE_S = 0.5
TOLD_AT_MOST = 20
CLOSE = 50
"""Changes that may be missing when writes begin to be held."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two places: its database, open, and its files."""

    place: Place
    store: CopyStore
    blobs: Blobs


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did."""

    rows: Compared
    files: FilesCompared
    held_s: float
    """How long writes were held."""

    took_s: float


class Differs(OperatorError):
    """The two sides are not equal: nothing was switched."""

    def __init__(self, what: str, names: Sequence[str]) -> None:
        super().__init__(
            f"{what} differ on the two sides: {', '.join(names[:TOLD_AT_MOST])}.",
            hint="has somebody else written to the target? Give up (--cancel), empty it, try again",
        )


class Mover:
    """Moves the data of a folder from one side to another."""

    def __init__(self, folder: Path, source: Side, target: Side, watcher: Watcher) -> None:
        self._folder = folder
        self._source = source
        self._target = target
        self._watcher = watcher
        self._copier = Copier(source.store, target.store)
        self._moves_files = source.place.blobs != target.place.blobs

    async def run(self) -> Moved:
        """Copy, compare, switch. Raises: OperatorError; the data is where it was then."""
        began_at = time.monotonic()
        await self._check_target()
        move = state.begin(self._folder, self._source.place, self._target.place)
        await self._workers(move)
        await self._copy()
        rows, files = await self._compare()
        move = state.advance(self._folder, move, "ready")
        await self._workers(move)
        held_s = await self._switch(move)
        return Moved(rows, files, held_s, time.monotonic() - began_at)

    async def _check_target(self) -> None:
        store = self._target.store
        if await store.param(PROGRESS_KEY) is not None:
            return
        for collection in store.catalog.collections:
            is_kept = not collection.system or collection.name == SUPERUSERS
            if collection.type != "view" and is_kept and await store.count_rows(collection):
                raise OperatorError(
                    f"The target holds data already (records of {collection.name}).",
                    hint="name an empty database",
                )

    async def _copy(self) -> None:
        copier = self._copier
        await copier.begin()
        show = self._watcher.step("copying records", await copier.count())
        await copier.scan(show)
        if self._moves_files:
            show = self._watcher.step("copying files", 0)
            await copy_files(self._source.blobs, self._target.blobs, show)

    async def _compare(self) -> tuple[Compared, FilesCompared]:
        comparison = Comparison(self._source.store, self._target.store, self._copier)
        total = await self._copier.count()
        rows = await comparison.run(self._watcher.step("comparing records", total))
        if rows.differing:
            raise Differs("Records", rows.differing)
        if not self._moves_files:
            return rows, FilesCompared()
        show = self._watcher.step("comparing files", 0)
        files = await compare_files(self._source.blobs, self._target.blobs, show)
        if files.differing:
            raise Differs("Files", files.differing)
        return rows, files

    async def _switch(self, move: Move) -> float:
        """Hold writes, bring the last ones over, switch; how long that was, in seconds."""
        for _ in range(SWITCHES_AT_MOST):
            while await self._copier.lag() > CLOSE:
                await self._copier.drain()
            await self._bring_missed()
            held_at = time.monotonic()
            move = state.advance(self._folder, move, "holding")
            try:
                async with asyncio.timeout(HOLD_LIMIT_S):
                    await self._bring_last(move)
                    switched = state.advance(self._folder, move, "switched")
            except (TimeoutError, Overtaken):
                move = await self._try_later(move)
                continue
            await self._workers(switched)
            return time.monotonic() - held_at
        raise OperatorError("The last changes could not be brought over in time; nothing moved.")

    async def _bring_last(self, move: Move) -> None:
        await self._workers(move)
        while await self._copier.lag():
            await self._copier.drain()
        await self._bring_missed()
        await self._copier.mark_source()
        jobs = await self._source.store.jobs_rows()
        await write_copy(self._target.store, lambda tx: tx.replace_jobs(jobs))

    async def _bring_missed(self) -> None:
        if self._moves_files:
            await copy_missed(self._folder, self._source.blobs, self._target.blobs)

    async def _try_later(self, move: Move) -> Move:
        """Let the writes go on; the move as it is then. Raises: Overtaken."""
        try:
            ready = state.advance(self._folder, move, "ready")
        except Overtaken:
            found = state.read(self._folder)
            if found is None or found.phase != "ready":
                raise
            ready = found
        await self._workers(ready)
        await asyncio.sleep(PAUSE_S)
        return ready

    async def _workers(self, move: Move) -> None:
        """Wait until every worker has dealt with a phase. Raises: OperatorError."""
        deadline = time.monotonic() + WORKERS_LIMIT_S
        while not all_have_dealt_with(self._folder, move.number):
            if time.monotonic() > deadline:
                raise OperatorError(
                    "A worker does not take part in the move.", hint="look at its log"
                )
            await asyncio.sleep(LOOK_S)
