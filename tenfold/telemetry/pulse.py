"""How late the event loop is: a timer that notes by how much it was late itself."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from time import monotonic, perf_counter
from typing import Any

from tenfold.telemetry.figures import Distribution, Tally

BEAT_S = 0.1


class Pulse:
    """Beats ten times a second on one event loop; `each` is called with every beat."""

    def __init__(self, each: Callable[[], None] = lambda: None) -> None:
        self.delays = Distribution()
        self.pauses = Tally()
        """Of the garbage collector."""
        self._each = each
        self._timer: asyncio.TimerHandle | None = None
        self._pause_began = 0.0

    def start(self) -> None:
        """Begin; on the loop that is to be measured."""
        self._loop = asyncio.get_running_loop()
        gc.callbacks.append(self._collected)
        self._arm()

    def stop(self) -> None:
        """End."""
        if self._timer:
            self._timer.cancel()
            gc.callbacks.remove(self._collected)

    def _arm(self) -> None:
        # Not the loop's own clock: uvloop's stands still while callbacks run.
        self._due_at = monotonic() + BEAT_S
        self._timer = self._loop.call_later(BEAT_S, self._beat)

    def _beat(self) -> None:
        self.delays.add(max(0.0, monotonic() - self._due_at))
        self._each()
        self._arm()

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._pause_began = perf_counter()
        else:
            self.pauses.add(perf_counter() - self._pause_began)
