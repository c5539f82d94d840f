"""After a switch: the old place is kept equal to the new one, so that there is a way back."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from pathlib import Path
from typing import Self

from tenfold.errors import TenfoldError
from tenfold.moves.copier import Copier, LogGone

LOCK = "move.follow"
PAUSE_S = 0.2
AFTER_FAILURE_S = 2.0

log = logging.getLogger("tenfold.moves")


class Follower:
    """Follows the log of the new place; one process of a data folder does."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def alone(cls, folder: Path) -> Self | None:
        """The one of this process, or None when another has it."""
        turn = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(turn)
            return None
        return cls(turn)

    def start(self, copier: Copier) -> None:
        """Follow until `stop`."""
        self._task = asyncio.get_running_loop().create_task(_follow(copier), name="follow")

    async def stop(self) -> None:
        """End between two steps, and let another process do it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        os.close(self._turn)


async def _follow(copier: Copier) -> None:
    is_begun = False
    while True:
        try:
            if not is_begun:
                await copier.begin()
                is_begun = True
            await copier.scan(_silent)
            await asyncio.sleep(PAUSE_S)
        except LogGone as error:
            log.warning("the old place of the data is copied anew: %s", error)
            is_begun = False
        except TenfoldError as error:
            log.warning("the old place of the data is not current: %s", error)
            await asyncio.sleep(AFTER_FAILURE_S)
        except Exception:
            log.exception("the old place of the data is not current")
            await asyncio.sleep(AFTER_FAILURE_S)


def _silent(name: str, rows: int) -> None: ...
