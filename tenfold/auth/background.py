"""Work that goes on after the answer: mails above all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

MAX_WAITING = 2_000
STOP_LIMIT_S = 10.0

_log = logging.getLogger(__name__)


class Background:
    """Runs coroutines beside the requests; their failures go to the log.

    More than `limit` at a time are not taken: each holds memory, and whoever causes so many
    means no good.
    """

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Begin some work; `what` names it in the log."""
        if len(self._running) >= self._limit:
            work.close()
            _log.error("%s was dropped: too much waits", what)
            return
        task = asyncio.create_task(_logged(work, what))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, limit_s: float = STOP_LIMIT_S) -> None:
        """Wait for what runs, then cancel the rest."""
        running = list(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=limit_s)
            for task in late:
                task.cancel()


async def _logged(work: Coroutine[Any, Any, None], what: str) -> None:
    try:
        await work
    except Exception:
        _log.exception("%s failed", what)
