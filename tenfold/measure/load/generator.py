"""The open loop of one process: each request leaves when planned, whatever became of others.

A request whose time has come waits only where no connection is free; it is then sent as soon as
one is, and its latency counts from the planned time (no coordinated omission). What could not
be sent within the time limit is a failure. Nothing is queued: the plan is a generator that
simply isn't drawn from while every connection is busy, so memory is bounded by the connections.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from tenfold.errors import OperatorError
from tenfold.measure.load.asks import CREATE, UPDATE, Ask, Asker
from tenfold.measure.load.checks import Checker, longest_answer
from tenfold.measure.load.connection import Connection, open_connection
from tenfold.measure.load.site import Site
from tenfold.measure.load.tally import Tally, count_in, empty_tally
from tenfold.measure.rate import count_of, due_times
from tenfold.measure.workload import Workload

SWEEP_S = 0.1
CPU_WINDOW_S = 1.0
NONCE_BYTES = 4
ENDS_LATE_S = 5.0

TIMEOUT = "timeout"
UNSENT = "not sent: no free connection"
UNREACHABLE = "not sent: can't connect"


@dataclass(frozen=True, slots=True)
class LoadJob:
    """What one of `parts` processes has to do."""

    site: Site
    workload: Workload
    part: int
    parts: int
    connections: int
    timeout_s: float
    seed: str

    @property
    def duration_s(self) -> float:
        """Warm-up and measured time."""
        return self.workload.rate.warmup_s + self.workload.rate.duration_s

    @property
    def longest_s(self) -> float:
        """When the job is over at the latest, after its start."""
        return self.duration_s + 2 * self.timeout_s + ENDS_LATE_S


def plan(job: LoadJob) -> Iterator[float]:
    """When the requests of this process are due, warm-up first, in seconds after the start."""
    rate = job.workload.rate
    rng = random.Random(f"{job.seed}/{job.part}/times") if rate.arrivals == "poisson" else None
    warmup, measured = rate.warmup_points(), rate.points()
    before = due_times(warmup, count_of(warmup), job.part, job.parts, rng)
    after = due_times(measured, count_of(measured), job.part, job.parts, rng)
    return chain(before, (rate.warmup_s + due for due in after))


class Generator:
    """Runs one job. `prepare`, then `run`, once each, on one event loop."""

    def __init__(self, job: LoadJob, scheduling: str = "normal") -> None:
        rng = random.Random(f"{job.seed}/{job.part}/choices")
        # Not from the seed: the ids of new records must not come back in a second run.
        nonce = f"c{random.SystemRandom().getrandbits(NONCE_BYTES * 8):08x}"
        self._job = job
        self._next_ask = Asker(job.site, job.workload, rng, nonce).next
        self._problem = Checker(job.site, job.workload).problem
        self._answer_limit = longest_answer(job.site, job.workload)
        self._tally = empty_tally(job.workload.rate.duration_s, scheduling)
        self._all: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._under_way: dict[Connection, tuple[float, float, Ask]] = {}
        """Planned time, sent time, request."""
        self._opening: set[asyncio.Task[None]] = set()
        self._is_reachable = True
        self._free_since = 0.0
        self._next_at = math.inf
        self._timer_at = math.inf
        self._measured_from = 0.0
        self._plan: Iterator[float] = iter(())
        self._starts_at = 0.0
        self._is_over = asyncio.Event()

    async def prepare(self) -> None:
        """Open the connections. Raises: OperatorError when none can be."""
        self._open_missing()
        await asyncio.gather(*self._opening)
        if not self._all:
            await asyncio.sleep(0)
            raise OperatorError(f"can't connect to {self._job.site.address.url}")

    async def run(self, starts_at: float) -> Tally:
        """Send everything that is planned, the first at a monotonic time; what came of it.

        Ends by itself: at the latest two time limits after the last request was planned.
        """
        self._starts_at = starts_at
        self._measured_from = starts_at + self._job.workload.rate.warmup_s
        self._free_since = starts_at
        self._plan = plan(self._job)
        self._advance()
        self._arm()
        sweeping = asyncio.create_task(self._sweep())
        try:
            async with asyncio.timeout(self._job.longest_s + max(0, starts_at - time.monotonic())):
                await self._is_over.wait()
        finally:
            sweeping.cancel()
            for opening in self._opening:
                opening.cancel()
            for connection in list(self._all):
                connection.close()
            # Closing takes the loop one more turn.
            await asyncio.sleep(0)
        return self._tally

    def answered(self, connection: Connection) -> None:
        """As `Owner`."""
        now = time.monotonic()
        planned_at, _, (kind, _, wanted) = self._under_way.pop(connection)
        reader = connection.reader
        why = self._problem(kind, reader.status, reader.body, wanted)
        self._record(planned_at, now, kind, why)
        if planned_at >= self._measured_from:
            self._tally.received_bytes += len(reader.body)
        if reader.is_last:
            self._all.discard(connection)
            connection.close()
            self._open_missing()
        else:
            if not self._idle:
                self._free_since = now
            self._idle.append(connection)
        if self._next_at <= now:
            self._pump()
        elif self._next_at == math.inf:
            self._look_whether_over()

    def broke(self, connection: Connection, why: str) -> None:
        """As `Owner`."""
        planned_at, _, (kind, _, _) = self._under_way.pop(connection)
        self._record(planned_at, time.monotonic(), kind, why)
        self._look_whether_over()

    def lost(self, connection: Connection) -> None:
        """As `Owner`."""
        self._all.discard(connection)
        with suppress(ValueError):
            self._idle.remove(connection)
        # The sweep opens another: at once would be a storm against a server that hangs up.

    def _pump(self) -> None:
        """Send what is due, as far as connections are free."""
        now = time.monotonic()
        while self._next_at <= now:
            if self._idle:
                self._send(self._idle.popleft(), now)
            elif now - self._next_at > self._job.timeout_s:
                self._miss(now)
            else:
                # The next answer, or the sweep, goes on from here.
                return
            now = time.monotonic()
        self._arm()

    def _send(self, connection: Connection, now: float) -> None:
        planned_at = self._next_at
        ask = self._next_ask(planned_at)
        self._under_way[connection] = (planned_at, now, ask)
        if planned_at >= self._measured_from:
            self._tally.sent += 1
            count_in(self._tally.late, now - max(planned_at, self._free_since))
        self._advance()
        connection.send(ask[1])

    def _miss(self, now: float) -> None:
        """Give up on a request that could not be sent in time."""
        kind = self._next_ask(self._next_at)[0]
        self._record(self._next_at, now, kind, UNSENT if self._is_reachable else UNREACHABLE)
        self._advance()
        self._look_whether_over()

    def _advance(self) -> None:
        self._next_at = self._starts_at + next(self._plan, math.inf)

    def _arm(self) -> None:
        """Wake up for the next request; one that is due earlier sets the next timer itself."""
        if self._next_at < self._timer_at:
            self._timer_at = self._next_at
            asyncio.get_running_loop().call_at(self._next_at, self._wake)
        elif self._next_at == math.inf:
            self._look_whether_over()

    def _wake(self) -> None:
        self._timer_at = math.inf
        self._pump()

    def _record(self, planned_at: float, now: float, kind: int, why: str) -> None:
        tally = self._tally
        since = planned_at - self._measured_from
        if since < 0:
            return
        slot = tally.slots[min(int(since / tally.slot_s), len(tally.slots) - 1)]
        slot.planned += 1
        count_in(slot.counts[kind], now - planned_at)
        tally.last_at = now
        if why:
            tally.errors[why] = tally.errors.get(why, 0) + 1
        else:
            slot.good += 1
            tally.good_writes += kind in (CREATE, UPDATE)

    def _look_whether_over(self) -> None:
        if self._next_at == math.inf and not self._under_way:
            self._is_over.set()

    def _open_missing(self) -> None:
        """Open as many connections as are missing, each in a task of its own."""
        for _ in range(self._job.connections - len(self._all) - len(self._opening)):
            task = asyncio.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        try:
            connection = await open_connection(self._job.site.address, self, self._answer_limit)
        except OSError:
            # The next sweep tries again; requests that can't be sent tell of it.
            self._is_reachable = bool(self._all)
            return
        self._is_reachable = True
        if not connection.is_open:
            return
        self._all.add(connection)
        if not self._idle:
            self._free_since = time.monotonic()
        self._idle.append(connection)
        if self._next_at <= time.monotonic():
            self._pump()

    async def _sweep(self) -> None:
        """Every 0.1 s: end what takes too long, open what is missing, look at the clock."""
        meter = CpuMeter()
        ends_at = self._measured_from + self._job.workload.rate.duration_s
        while True:
            await asyncio.sleep(SWEEP_S)
            now = time.monotonic()
            for connection, (_, sent_at, _) in list(self._under_way.items()):
                if now - sent_at > self._job.timeout_s:
                    connection.give_up(TIMEOUT)
            self._open_missing()
            if self._next_at <= now:
                self._pump()
            if self._measured_from <= now <= ends_at + SWEEP_S:
                meter.look(now)
                tally = self._tally
                tally.cpu_s, tally.wall_s = meter.cpu_s, meter.wall_s
                tally.busiest_ratio = meter.busiest_ratio


class CpuMeter:
    """How much of one core this process takes."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.wall_s = 0.0
        self.busiest_ratio = 0.0
        self._began: tuple[float, float] | None = None
        self._window = (0.0, 0.0)

    def look(self, now: float) -> None:
        """Measure since the first look; and since the last window of a second began."""
        cpu = time.process_time()
        if self._began is None:
            self._began = self._window = (now, cpu)
        self.wall_s, self.cpu_s = now - self._began[0], cpu - self._began[1]
        length = now - self._window[0]
        if length >= CPU_WINDOW_S:
            self.busiest_ratio = max(self.busiest_ratio, (cpu - self._window[1]) / length)
            self._window = (now, cpu)
