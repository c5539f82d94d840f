"""What every bus must do. An adapter's test file subclasses BusSuite and makes the buses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tenfold.bus import Bus

MakeBus = Callable[[], Awaitable[Bus]]


async def until(holds: Callable[[], bool], limit_s: float = 3.0) -> None:
    """Wait for something that another worker does soon."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


@pytest.mark.anyio
class BusSuite:
    """`make` (a fixture) opens one more bus on the same box; it is closed after the test."""

    async def test_own_subscriber_hears_at_once(self, make: MakeBus) -> None:
        bus = await make()
        heard: list[bytes] = []
        bus.subscribe("news", heard.append)
        await bus.publish("news", b"one")
        assert heard == [b"one"]

    async def test_other_worker_hears_in_order(self, make: MakeBus) -> None:
        one, two = await make(), await make()
        heard: list[bytes] = []
        two.subscribe("news", heard.append)
        sent = [b"%d" % n for n in range(200)]
        for message in sent:
            await one.publish("news", message)
        await until(lambda: len(heard) == 200)
        assert heard == sent

    async def test_only_the_topic_is_heard_and_once(self, make: MakeBus) -> None:
        one, two = await make(), await make()
        heard: list[bytes] = []
        two.subscribe("a", heard.append)
        await one.publish("b", b"other topic")
        await one.publish("a", b"mine")
        await until(lambda: bool(heard))
        await asyncio.sleep(0.05)
        assert heard == [b"mine"]

    async def test_unsubscribed_hears_nothing(self, make: MakeBus) -> None:
        bus = await make()
        heard: list[bytes] = []
        end = bus.subscribe("news", heard.append)
        end()
        end()
        await bus.publish("news", b"one")
        assert heard == []

    async def test_late_worker_hears_nothing_old(self, make: MakeBus) -> None:
        one = await make()
        await one.publish("news", b"old")
        late = await make()
        heard: list[bytes] = []
        late.subscribe("news", heard.append)
        await one.publish("news", b"new")
        await until(lambda: bool(heard))
        assert heard == [b"new"]

    async def test_a_failing_receiver_harms_nobody(self, make: MakeBus) -> None:
        one, two = await make(), await make()
        heard: list[bytes] = []

        def fail(_: bytes) -> None:
            raise RuntimeError("a receiver's own fault")

        for bus in (one, two):
            bus.subscribe("news", fail)
        two.subscribe("news", heard.append)
        await one.publish("news", b"1")
        await one.publish("news", b"2")
        await until(lambda: len(heard) == 2)

    async def test_entries_are_shared(self, make: MakeBus) -> None:
        one, two = await make(), await make()
        await one.put("key", b"value")
        assert await two.get("key") == b"value"
        await two.put("key", b"newer")
        assert await one.get("key") == b"newer"
        await one.delete("key")
        assert await two.get("key") is None

    async def test_entries_go_with_their_worker(self, make: MakeBus) -> None:
        one, two = await make(), await make()
        await one.put("key", b"value")
        await one.close()
        assert await two.get("key") is None

    async def test_workers_are_known(self, make: MakeBus) -> None:
        one, two = await make(), await make()
        assert one.id != two.id
        assert await one.workers() == {one.id, two.id}
        await two.close()
        await two.close()
        assert await one.workers() == {one.id}
