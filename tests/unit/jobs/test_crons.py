import asyncio
from typing import cast

import pytest

from tenfold.errors import NotFound, OperatorError, Unavailable
from tenfold.jobs import Crons, JobStore, system_crons


class Slots:
    """The part of a JobStore that crons use."""

    def __init__(self) -> None:
        self.taken: set[tuple[str, int]] = set()
        self.is_away = False

    async def claim_slot(self, cron_id: str, minute: int) -> bool:
        if self.is_away:
            raise Unavailable("away")
        is_first = (cron_id, minute) not in self.taken
        self.taken.add((cron_id, minute))
        return is_first


def crons_on(slots: Slots) -> Crons:
    return Crons(cast(JobStore, slots))


async def nothing() -> None:
    return


@pytest.mark.anyio
async def test_one_run_per_minute_on_all_workers() -> None:
    slots, runs = Slots(), list[int]()

    async def run() -> None:
        runs.append(1)

    workers = [crons_on(slots) for _ in range(3)]
    for crons in workers:
        crons.add("c", "* * * * *", run)
    for minute in (100, 100, 101):
        for crons in workers:
            await crons.fire(minute)
    for crons in workers:
        await crons.stop()
    assert len(runs) == 2


@pytest.mark.anyio
async def test_failure_and_absence_are_survived() -> None:
    slots, runs = Slots(), list[int]()

    async def fail() -> None:
        raise RuntimeError("the cron's own fault")

    async def run() -> None:
        runs.append(1)

    crons = crons_on(slots)
    crons.add("bad", "* * * * *", fail)
    crons.add("good", "* * * * *", run)
    slots.is_away = True
    await crons.fire(1)
    slots.is_away = False
    await crons.fire(2)
    await crons.stop()
    assert runs == [1]


@pytest.mark.anyio
async def test_run_now() -> None:
    ran = asyncio.Event()

    async def run() -> None:
        ran.set()

    crons = crons_on(Slots())
    crons.add("c", "0 0 1 1 *", run)
    crons.run("c")
    await asyncio.wait_for(ran.wait(), 1)
    with pytest.raises(NotFound, match="Missing or invalid cron job"):
        crons.run("d")
    await crons.stop()


def test_list_is_that_of_pocketbase() -> None:
    crons = crons_on(Slots())
    system_crons(
        crons, optimize=nothing, cleanup_mfas=nothing, cleanup_otps=nothing, cleanup_logs=nothing
    )
    crons.set_backup("@daily", nothing)
    crons.add("mine", "*/5 * * * *", nothing)
    assert crons.list() == [
        {"id": "mine", "expression": "*/5 * * * *"},
        {"id": "__pbDBOptimize__", "expression": "0 0 * * *"},
        {"id": "__pbMFACleanup__", "expression": "0 * * * *"},
        {"id": "__pbOTPCleanup__", "expression": "0 * * * *"},
        {"id": "__pbLogsCleanup__", "expression": "0 */6 * * *"},
        {"id": "__pbAutoBackup__", "expression": "0 0 * * *"},
    ]
    crons.set_backup("", nothing)
    assert "__pbAutoBackup__" not in [c["id"] for c in crons.list()]


def test_bad_expression_is_refused() -> None:
    with pytest.raises(OperatorError, match="mine"):
        crons_on(Slots()).add("mine", "every day", nothing)
