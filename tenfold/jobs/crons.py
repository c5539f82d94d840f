"""Functions that run by the clock: once per minute slot, whichever worker is first."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypedDict

from tenfold.errors import NotFound, OperatorError, Unavailable
from tenfold.jobs.schedule import MACROS, Schedule
from tenfold.store.jobs import JobStore

log = logging.getLogger("tenfold.crons")

SYSTEM_PREFIX = "__pb"
BACKUP = "__pbAutoBackup__"
CATCH_UP_MINUTES = 3
"""How many minutes back are made up for after the clock or the machine stood still."""

Run = Callable[[], Awaitable[None]]


class CronItem(TypedDict):
    """A cron as the API lists it."""

    id: str
    expression: str


@dataclass(frozen=True, slots=True)
class Cron:
    """One function and its times."""

    id: str
    expression: str
    schedule: Schedule
    run: Run


class Crons:
    """All crons of the service. Every worker has the same ones; one of them runs each."""

    def __init__(self, store: JobStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._crons: dict[str, Cron] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None

    def add(self, cron_id: str, expression: str, run: Run) -> None:
        """Add a cron or replace the one of the same id. Raises: OperatorError."""
        try:
            schedule = Schedule.parse(expression)
        except ValueError as error:
            raise OperatorError(f"The cron {cron_id} can't be followed: {error}.") from error
        # PocketBase lists the five segments in place of a macro.
        written_out = MACROS.get(expression, expression)
        self._crons[cron_id] = Cron(cron_id, written_out, schedule, run)

    def remove(self, cron_id: str) -> None:
        """Remove a cron; nothing happens when there is none."""
        self._crons.pop(cron_id, None)

    def set_backup(self, expression: str, run: Run) -> None:
        """Make backups at the times the settings name; "" ends that."""
        if expression:
            self.add(BACKUP, expression, run)
        else:
            self.remove(BACKUP)

    def list(self) -> list[CronItem]:
        """The crons as the API shows them, the service's own last."""
        crons = sorted(self._crons.values(), key=lambda c: c.id.startswith(SYSTEM_PREFIX))
        return [{"id": c.id, "expression": c.expression} for c in crons]

    def run(self, cron_id: str) -> None:
        """Run a cron now, in the background. Raises: NotFound."""
        cron = self._crons.get(cron_id)
        if cron is None:
            raise NotFound("Missing or invalid cron job.")
        self._launch(cron)

    async def start(self) -> None:
        """Begin to look at the clock."""
        self._ticker = asyncio.get_running_loop().create_task(self._tick(), name="crons")

    async def stop(self, grace_s: float = 5.0) -> None:
        """Start no more, and give those that run a little time."""
        if self._ticker:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        if self._running:
            await asyncio.wait(list(self._running), timeout=grace_s)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _tick(self) -> None:
        seen = int(self._clock() // 60)
        while True:
            await asyncio.sleep(60 - self._clock() % 60 + 0.01)
            minute = int(self._clock() // 60)
            for due in range(max(seen + 1, minute - CATCH_UP_MINUTES), minute + 1):
                await self.fire(due)
            seen = max(seen, minute)

    async def fire(self, minute: int) -> None:
        """Run every cron that is due in a minute (since 1970) and that nobody else runs."""
        for cron in list(self._crons.values()):
            if not cron.schedule.is_due(minute):
                continue
            try:
                if await self._store.claim_slot(cron.id, minute):
                    self._launch(cron)
            except Unavailable as error:
                log.warning("the cron %s could not be claimed: %s", cron.id, error)

    def _launch(self, cron: Cron) -> None:
        task = asyncio.get_running_loop().create_task(_run(cron), name=f"cron {cron.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _run(cron: Cron) -> None:
    try:
        await cron.run()
    except Exception:
        log.exception("the cron %s failed", cron.id)


def system_crons(
    crons: Crons, *, optimize: Run, cleanup_mfas: Run, cleanup_otps: Run, cleanup_logs: Run
) -> None:
    """Add the service's own crons under the ids that PocketBase gives them."""
    crons.add("__pbDBOptimize__", "0 0 * * *", optimize)
    crons.add("__pbMFACleanup__", "0 * * * *", cleanup_mfas)
    crons.add("__pbOTPCleanup__", "0 * * * *", cleanup_otps)
    crons.add("__pbLogsCleanup__", "0 */6 * * *", cleanup_logs)
