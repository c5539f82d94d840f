"""A worker's part in a move: it looks at the move's file and does what the phase asks of it.

Whatever phase it finds, however it got there (a worker may start in the middle of a move), it
brings its sides to what they should be, and then leaves its mark. Writes that were held for the
switch go on only once every worker reads from the new place: else one could still show the old
data after another has acknowledged a newer write.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Protocol

from tenfold.errors import TenfoldError
from tenfold.moves.copier import Copier
from tenfold.moves.follow import Follower
from tenfold.moves.presence import Presence, all_have_dealt_with
from tenfold.moves.state import Move, Overtaken, Place, advance, read

CALM_S = 0.2
QUICK_S = 0.005
HOLD_LIMIT_S = 1.0
"""So long writes may be held before the workers go on without the switch: the mover is dead."""

TELL_EVERY_S = 5.0

log = logging.getLogger("tenfold.moves")


class Sides(Protocol):
    """What a worker can do about where its data lies."""

    @property
    def place(self) -> Place:
        """Where it reads and writes now."""
        ...

    @property
    def is_held(self) -> bool:
        """Whether its writes wait."""
        ...

    async def prepare(self, other: Place) -> None:
        """Have another place open, as it is now."""
        ...

    async def hold(self) -> None:
        """Let no write begin; return once those under way are done."""
        ...

    def release(self) -> None:
        """Let writes go on."""
        ...

    async def exchange(self, place: Place) -> None:
        """Read and write at the place that was prepared; keep the last one open."""
        ...

    def keep_files_at(self, other: Place | None) -> None:
        """Keep new files at another place, too."""
        ...

    def copier(self) -> Copier | None:
        """What copies from the place in use to the other one, if that is prepared."""
        ...

    async def leave_other(self) -> None:
        """Close the place that is not in use."""
        ...


class Agent:
    """Watches the move of a data folder for one worker."""

    def __init__(self, folder: Path, sides: Sides) -> None:
        self._folder = folder
        self._sides = sides
        self._presence = Presence(folder)
        self._move: Move | None = None
        self._seen_at = 0.0
        self._told_at = 0.0
        self._follower: Follower | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take part from now on; returns once the phase that is found is dealt with."""
        self._presence.begin()
        await self._look()
        self._task = asyncio.get_running_loop().create_task(self._watch(), name="move")

    async def stop(self) -> None:
        """Take part no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._stop_following()
        self._presence.end()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s())
            try:
                await self._look()
            except TenfoldError as error:
                self._tell(f"a move waits for this worker: {error}")
            except Exception:
                log.exception("a step of a move failed in this worker")
                await asyncio.sleep(CALM_S)

    def _pause_s(self) -> float:
        is_close = self._move is not None and self._move.phase in ("ready", "holding")
        return QUICK_S if is_close or self._sides.is_held else CALM_S

    async def _look(self) -> None:
        move = read(self._folder)
        if move is None:
            return
        if move != self._move:
            await self._deal_with(move)
            self._move, self._seen_at = move, time.monotonic()
            self._presence.tell(move.number)
        if move.phase == "holding":
            self._give_up_late(move)
        elif self._sides.is_held:
            self._release_when_all(move)
        if move.phase == "switched" and not self._sides.is_held:
            await self._follow(move)

    async def _deal_with(self, move: Move) -> None:
        sides = self._sides
        if move.phase != "switched":
            await self._stop_following()
        if move.phase in ("copying", "settled"):
            await sides.leave_other()
        if move.phase == "ready" and not sides.is_held:
            # Anew, even after a hold that came to nothing: the copy may have begun again.
            await sides.prepare(move.target)
        if move.phase == "holding":
            await sides.hold()
        if sides.place != move.place:
            await sides.exchange(move.place)
        sides.keep_files_at(move.other)

    def _give_up_late(self, move: Move) -> None:
        if time.monotonic() - self._seen_at > HOLD_LIMIT_S:
            try:
                advance(self._folder, move, "ready")
                log.warning("writes were held too long for a move: it has to try again")
            except Overtaken:
                log.info("the move has gone on")

    def _release_when_all(self, move: Move) -> None:
        if move.phase != "switched" or all_have_dealt_with(self._folder, move.number):
            self._sides.release()
        elif time.monotonic() - self._seen_at > HOLD_LIMIT_S:
            self._tell("writes wait for a worker that still reads at the old place")

    async def _follow(self, move: Move) -> None:
        """Keep the old place current: one worker of all does."""
        if self._follower is not None or move.other is None:
            return
        follower = Follower.alone(self._folder)
        if follower is None:
            return
        try:
            if self._sides.copier() is None:
                await self._sides.prepare(move.other)
            copier = self._sides.copier()
            assert copier is not None
        except BaseException:
            await follower.stop()
            raise
        follower.start(copier)
        self._follower = follower

    async def _stop_following(self) -> None:
        if self._follower is not None:
            await self._follower.stop()
            self._follower = None

    def _tell(self, text: str) -> None:
        if time.monotonic() - self._told_at > TELL_EVERY_S:
            self._told_at = time.monotonic()
            log.warning(text)
