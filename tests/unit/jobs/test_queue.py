"""Workers that run jobs, on a real SQLite store."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tenfold.bus.memory import MemoryBus, MemoryHub
from tenfold.errors import OperatorError
from tenfold.jobs import Job, Jobs, queue
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_jobs import SqliteJobs
from tests.contracts.bus import until

pytestmark = pytest.mark.anyio

MakeJobs = Callable[[], Awaitable[Jobs]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def make(store: SqliteStore) -> AsyncIterator[MakeJobs]:
    """One more worker's queue; not started."""
    hub, made = MemoryHub(), list[Jobs]()

    async def make_one() -> Jobs:
        bus = MemoryBus(hub)
        await bus.open()
        made.append(Jobs(SqliteJobs(store), bus, rng=lambda low, high: 0.01))
        return made[-1]

    yield make_one
    for jobs in made:
        await jobs.stop(0.1)


async def test_job_runs_soon(make: MakeJobs) -> None:
    jobs, ran = await make(), list[object]()

    async def run(job: Job) -> None:
        ran.append(job.payload)

    jobs.register("mail", run)
    await jobs.start()
    await jobs.enqueue("mail", {"a": 1})
    await until(lambda: bool(ran))
    assert ran == [{"a": 1}]


async def test_every_job_runs_once_on_several_workers(make: MakeJobs) -> None:
    ran: list[object] = []

    async def run(job: Job) -> None:
        await asyncio.sleep(0.005)
        ran.append(job.payload)

    workers = [await make() for _ in range(3)]
    for jobs in workers:
        jobs.register("mail", run)
        await jobs.start()
    await asyncio.gather(*(workers[n % 3].enqueue("mail", n) for n in range(60)))
    await until(lambda: len(ran) >= 60, 10)
    await asyncio.sleep(0.05)
    assert sorted(map(str, ran)) == sorted(map(str, range(60)))


async def test_failing_job_is_tried_again_then_dead(
    make: MakeJobs, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    jobs, attempts = await make(), list[int]()

    async def run(job: Job) -> None:
        attempts.append(job.attempt)
        raise ValueError("no luck")

    jobs.register("mail", run, attempts=3)
    await jobs.start()
    job_id = await jobs.enqueue("mail", 1)
    dead = SqliteJobs(store)
    while not (found := await dead.dead(10)):
        await asyncio.sleep(0.02)
    assert attempts == [1, 2, 3]
    assert (found[0].id, found[0].error) == (job_id, "ValueError: no luck")
    assert "no luck" in caplog.text


async def test_retries_wait_longer_each_time() -> None:
    kind = queue.Kind(run=lambda job: asyncio.sleep(0), attempts=20, limit=0, timeout_s=1)
    jobs = Jobs(None, MemoryBus(), rng=lambda low, high: (low + high) / 2)  # pyright: ignore[reportArgumentType]
    waits = [
        jobs._retry_s(Job("i", "n", None, attempt), kind)  # pyright: ignore[reportPrivateUsage]
        for attempt in (1, 2, 3, 15, 20)
    ]
    assert waits == [1, 2, 4, 3_600, None]


async def test_job_over_its_time_is_failed(make: MakeJobs, store: SqliteStore) -> None:
    jobs = await make()

    async def run(job: Job) -> None:
        await asyncio.sleep(30)

    jobs.register("mail", run, attempts=1, timeout_s=0.05)
    await jobs.start()
    await jobs.enqueue("mail", 1)
    while not (found := await SqliteJobs(store).dead(1)):
        await asyncio.sleep(0.02)
    assert "TimeoutError" in found[0].error


async def test_limit_holds_over_workers(make: MakeJobs) -> None:
    running, most, ended = [0], [0], [0]

    async def run(job: Job) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        await asyncio.sleep(0.02)
        running[0] -= 1
        ended[0] += 1

    for _ in range(3):
        jobs = await make()
        jobs.register("mail", run, limit=2)
        await jobs.start()
        for n in range(4):
            await jobs.enqueue("mail", n)
    await until(lambda: ended[0] == 12, 15)
    assert most[0] == 2


async def test_taken_over_job_is_stopped(
    make: MakeJobs, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "RENEW_S", 0.05)
    monkeypatch.setattr(queue, "LEASE_S", 0.01)
    # It is full with one job, so that it does not take over its own.
    monkeypatch.setattr(queue, "AT_ONCE", 1)
    jobs, started, stopped = await make(), asyncio.Event(), asyncio.Event()

    async def run(job: Job) -> None:
        started.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            stopped.set()
            raise

    jobs.register("mail", run)
    await jobs.start()
    await jobs.enqueue("mail", 1)
    await asyncio.wait_for(started.wait(), 3)
    other = SqliteJobs(store)
    while not await other.claim({"mail": 0}, 30, 1):
        await asyncio.sleep(0.005)
    await asyncio.wait_for(stopped.wait(), 3)


async def test_unknown_names_are_refused(make: MakeJobs) -> None:
    jobs = await make()
    with pytest.raises(OperatorError, match="nope"):
        await jobs.enqueue("nope")
    jobs.register("mail", lambda job: asyncio.sleep(0))
    with pytest.raises(OperatorError, match="two jobs"):
        jobs.register("mail", lambda job: asyncio.sleep(0))


VICTIM = """
import asyncio, pathlib, sys
from tenfold.bus.memory import MemoryBus
from tenfold.jobs import Jobs, queue
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_jobs import SqliteJobs

async def run(job):
    print(job.attempt, flush=True)
    await asyncio.sleep(60)

async def main():
    queue.LEASE_S = 1.0
    store = SqliteStore(pathlib.Path(sys.argv[1]))
    await store.open()
    bus = MemoryBus()
    await bus.open()
    jobs = Jobs(SqliteJobs(store), bus)
    jobs.register("mail", run)
    await jobs.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_job_of_a_killed_worker_runs_again(
    make: MakeJobs, store: SqliteStore, tmp_path: Path
) -> None:
    await SqliteJobs(store).enqueue("mail", 7, key="", run_at=None, attempts=5, then=lambda: None)
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert victim.stdout
        line = await asyncio.to_thread(victim.stdout.readline)
        assert line == "1\n"
    finally:
        os.kill(victim.pid, signal.SIGKILL)
        victim.communicate()
    ran: list[Job] = []

    async def run(job: Job) -> None:
        ran.append(job)

    jobs = await make()
    jobs.register("mail", run)
    await jobs.start()
    await until(lambda: bool(ran), 10)
    assert (ran[0].payload, ran[0].attempt) == (7, 2)
