"""What every job store must do. An adapter's test file subclasses JobStoreSuite."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tenfold.jobs import Job, JobStore

ANY = {"mail": 0, "other": 0}


async def put(
    jobs: JobStore,
    payload: Any = None,
    *,
    name: str = "mail",
    key: str = "",
    run_at: float | None = None,
    attempts: int = 3,
) -> str:
    return await jobs.enqueue(
        name, payload, key=key, run_at=run_at, attempts=attempts, then=lambda: None
    )


async def claim(
    jobs: JobStore, limits: dict[str, int] | None = None, lease_s: float = 30, count: int = 10
) -> list[Job]:
    return await jobs.claim(limits or ANY, lease_s, count)


@pytest.mark.anyio
class JobStoreSuite:
    """`jobs` (a fixture) is an empty store."""

    async def test_job_comes_back_as_it_went_in(self, jobs: JobStore) -> None:
        payload = {"to": ["a@b.co"], "n": 1.5, "none": None}
        job_id = await put(jobs, payload)
        (job,) = await claim(jobs)
        assert (job.id, job.name, job.payload, job.attempt) == (job_id, "mail", payload, 1)
        assert await claim(jobs) == []

    async def test_oldest_first_and_only_so_many(self, jobs: JobStore) -> None:
        now = time.time()
        for n in (3, 1, 2):
            await put(jobs, n, run_at=now - 10 + n)
        assert {j.payload for j in await claim(jobs, count=2)} == {1, 2}

    async def test_only_names_asked_for(self, jobs: JobStore) -> None:
        await put(jobs, name="other")
        assert await claim(jobs, {"mail": 0}) == []
        assert await jobs.due_in(["mail"]) is None

    async def test_later_means_later(self, jobs: JobStore) -> None:
        await put(jobs, run_at=time.time() + 100)
        assert await claim(jobs) == []
        due_s = await jobs.due_in(["mail"])
        assert due_s is not None and 95 < due_s <= 100

    async def test_then_is_called_after_the_commit(self, jobs: JobStore) -> None:
        told: list[int] = []
        await jobs.enqueue("mail", 1, key="", run_at=None, attempts=1, then=lambda: told.append(1))
        assert told == [1]
        assert await jobs.due_in(["mail"]) == 0

    async def test_same_key_is_kept_once(self, jobs: JobStore) -> None:
        first = await put(jobs, 1, key="k")
        assert await put(jobs, 2, key="k") == first
        assert await put(jobs, 2, key="k", name="other") != first
        (job,) = await claim(jobs, {"mail": 0})
        assert job.payload == 1
        await jobs.finish(job)
        assert await put(jobs, 3, key="k") == first
        assert await claim(jobs, {"mail": 0}) == []

    async def test_lease_that_ran_out_makes_it_due_again(self, jobs: JobStore) -> None:
        await put(jobs)
        (lost,) = await claim(jobs, lease_s=0.01)
        await asyncio.sleep(0.03)
        (again,) = await claim(jobs)
        assert (again.id, again.attempt) == (lost.id, 2)
        # The late worker has no say any more.
        await jobs.finish(lost)
        await jobs.fail(lost, "late", None)
        assert await jobs.renew([lost, again], 30) == {again.id}
        assert await jobs.dead(10) == []

    async def test_renewed_lease_holds(self, jobs: JobStore) -> None:
        await put(jobs)
        held = await claim(jobs, lease_s=0.05)
        await jobs.renew(held, 30)
        await asyncio.sleep(0.08)
        assert await claim(jobs) == []

    async def test_worker_that_dies_at_the_last_attempt(self, jobs: JobStore) -> None:
        job_id = await put(jobs, "x", attempts=1)
        await claim(jobs, lease_s=0.01)
        await asyncio.sleep(0.03)
        assert await claim(jobs) == []
        (dead,) = await jobs.dead(10)
        assert (dead.id, dead.payload, dead.attempts) == (job_id, "x", 1)

    async def test_failure_is_tried_later_then_given_up(self, jobs: JobStore) -> None:
        job_id = await put(jobs)
        (job,) = await claim(jobs)
        await jobs.fail(job, "first", 100)
        assert await claim(jobs) == []
        due_s = await jobs.due_in(["mail"])
        assert due_s is not None and 95 < due_s <= 100
        other = await put(jobs)
        (job,) = await claim(jobs)
        assert job.id == other != job_id
        await jobs.fail(job, "for good", None)
        assert [(d.id, d.error) for d in await jobs.dead(10)] == [(other, "for good")]

    async def test_dead_job_may_be_revived(self, jobs: JobStore) -> None:
        job_id = await put(jobs)
        (job,) = await claim(jobs)
        await jobs.fail(job, "no", None)
        assert await jobs.revive(job_id)
        assert not await jobs.revive(job_id)
        (again,) = await claim(jobs)
        assert (again.id, again.attempt) == (job_id, 1)

    async def test_limit_counts_all_that_run(self, jobs: JobStore) -> None:
        for _ in range(5):
            await put(jobs)
        first = await claim(jobs, {"mail": 2})
        assert len(first) == 2
        assert await claim(jobs, {"mail": 2}) == []
        await jobs.finish(first[0])
        assert len(await claim(jobs, {"mail": 2})) == 1

    async def test_rush_claims_each_job_once(self, jobs: JobStore) -> None:
        for n in range(30):
            await put(jobs, n)
        claimed = await asyncio.gather(*(claim(jobs, count=4) for _ in range(12)))
        found = [job.payload for some in claimed for job in some]
        assert sorted(found) == list(range(30))

    async def test_slot_has_one_winner(self, jobs: JobStore) -> None:
        won = await asyncio.gather(*(jobs.claim_slot("c", 100) for _ in range(10)))
        assert won.count(True) == 1
        assert await jobs.claim_slot("c", 101)
        assert await jobs.claim_slot("d", 100)
