"""The durable queue: enqueue a job, and run what is due in this worker."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tenfold.bus import Bus
from tenfold.errors import OperatorError, TenfoldError, Unavailable
from tenfold.store.jobs import Job, JobStore

log = logging.getLogger("tenfold.jobs")

LEASE_S = 30.0
"""How long after a worker's death its jobs are taken up again, at most."""

RENEW_S = 10.0
LOOK_S = 5.0
"""How often a worker looks for due jobs without being told of any."""

AT_ONCE = 8
"""Jobs that one worker runs at the same time."""

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 3_600.0
WAKE = "jobs.wake"

Run = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the jobs of one name are run."""

    run: Run
    attempts: int
    limit: int
    timeout_s: float


class Jobs:
    """The queue as one worker sees it."""

    def __init__(
        self, store: JobStore, bus: Bus, rng: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._store = store
        self._bus = bus
        self._rng = rng
        self._kinds: dict[str, Kind] = {}
        self._running: dict[asyncio.Task[None], Job] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._told: set[asyncio.Task[None]] = set()

    def register(
        self,
        name: str,
        run: Run,
        *,
        attempts: int = 5,
        limit: int = 0,
        timeout_s: float = 300.0,
    ) -> None:
        """Say how the jobs of a name are run; before `start`.

        `limit` of them at most run at the same time on all workers together (0: any).
        Raises: OperatorError when the name is taken.
        """
        if name in self._kinds:
            raise OperatorError(f"There are two jobs of the name {name}.")
        self._kinds[name] = Kind(run, attempts, limit, timeout_s)

    async def enqueue(
        self, name: str, payload: Any = None, *, key: str = "", run_at: float | None = None
    ) -> str:
        """Keep a job to be run once, soon or at `run_at` (seconds since 1970); return its id.

        Within a write's work it is kept only if the write is. While a job of the same name
        and key is known (a day after its end, too), its id is returned and nothing is kept.
        Raises: OperatorError for an unknown name, Unavailable.
        """
        kind = self._kinds.get(name)
        if kind is None:
            raise OperatorError(f"There is no job of the name {name}.")
        return await self._store.enqueue(
            name, payload, key=key, run_at=run_at, attempts=kind.attempts, then=self._tell
        )

    async def start(self) -> None:
        """Begin to run jobs; nothing happens when no name is registered."""
        if not self._kinds:
            return
        self._bus.subscribe(WAKE, lambda _: self._wake.set())
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._look(), name="jobs"),
            loop.create_task(self._renew(), name="job leases"),
        ]

    async def stop(self, grace_s: float = 5.0) -> None:
        """Claim no more, let running jobs end; those that don't are run again elsewhere."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._running:
            await asyncio.wait(list(self._running), timeout=grace_s)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, *self._told, return_exceptions=True)

    # --- claiming -----------------------------------------------------------------------

    async def _look(self) -> None:
        while True:
            self._wake.clear()
            wait_s = LOOK_S
            try:
                wait_s = await self._claim_due()
            except Unavailable as error:
                log.warning("jobs can't be claimed now: %s", error)
            except Exception:
                log.exception("jobs can't be claimed")
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _claim_due(self) -> float:
        """Start what is due and fits; return after how many seconds to look again."""
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return LOOK_S
        due_s = await self._store.due_in(list(self._kinds))
        if due_s is None or due_s > 0:
            return min(LOOK_S, due_s or LOOK_S)
        limits = {name: kind.limit for name, kind in self._kinds.items()}
        jobs = await self._store.claim(limits, LEASE_S, free)
        for job in jobs:
            task = asyncio.get_running_loop().create_task(self._run(job), name=f"job {job.name}")
            self._running[task] = job
            task.add_done_callback(self._ended)
        # Due but not claimable: others run as many as the limit allows.
        return 0.0 if jobs else 1.0

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._wake.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            running = dict(self._running)
            if not running:
                continue
            try:
                kept = await self._store.renew(list(running.values()), LEASE_S)
            except Unavailable as error:
                log.warning("job leases can't be renewed now: %s", error)
                continue
            for task, job in running.items():
                if job.id not in kept and not task.done():
                    log.warning("job %s %s was taken over by another worker", job.name, job.id)
                    task.cancel()

    # --- running ------------------------------------------------------------------------

    async def _run(self, job: Job) -> None:
        kind = self._kinds[job.name]
        try:
            async with asyncio.timeout(kind.timeout_s):
                await kind.run(job)
        except Exception as error:
            log.exception("job %s %s failed at attempt %d", job.name, job.id, job.attempt)
            await self._settle(self._store.fail(job, _reason(error), self._retry_s(job, kind)))
        else:
            await self._settle(self._store.finish(job))

    async def _settle(self, outcome: Awaitable[None]) -> None:
        try:
            await outcome
        except Unavailable as error:
            # The lease runs out and the job is run again: at least once.
            log.warning("the end of a job could not be kept: %s", error)

    def _retry_s(self, job: Job, kind: Kind) -> float | None:
        if job.attempt >= kind.attempts:
            return None
        delay_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** (job.attempt - 1))
        return delay_s * self._rng(0.5, 1.5)

    def _tell(self) -> None:
        """Wake this worker at once and the others soon."""
        self._wake.set()
        task = asyncio.get_running_loop().create_task(self._publish_wake())
        self._told.add(task)
        task.add_done_callback(self._told.discard)

    async def _publish_wake(self) -> None:
        try:
            await self._bus.publish(WAKE, b"")
        except Unavailable:
            return  # The others look by themselves every LOOK_S.


def _reason(error: BaseException) -> str:
    if isinstance(error, TenfoldError) and error.__cause__:
        # What stands behind says more than an error made for clients.
        error = error.__cause__
    return f"{type(error).__name__}: {error}"[:1_000]
