"""Boxes of workers for the tests of this folder."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tenfold.bus.memory import MemoryHub
from tests.unit.realtime.box import Log, Worker

StartWorkers = Callable[..., Awaitable[list[Worker]]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def start() -> AsyncIterator[StartWorkers]:
    """Start some workers that share a log; they are stopped after the test."""
    started: list[Worker] = []

    async def run(log: Log, count: int = 1) -> list[Worker]:
        hub = MemoryHub()
        workers = [Worker(log, hub) for _ in range(count)]
        for worker in workers:
            await worker.start()
        started.extend(workers)
        return workers

    yield run
    for worker in started:
        await worker.stop()
