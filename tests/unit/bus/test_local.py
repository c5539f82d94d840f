import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfold.bus import Bus
from tenfold.bus.local import LocalBus
from tenfold.errors import Unavailable
from tests.contracts.bus import BusSuite, MakeBus, until

OTHER_WORKER = """
import asyncio, pathlib, sys
from tenfold.bus.local import LocalBus

async def main():
    bus = LocalBus(pathlib.Path(sys.argv[1]))
    await bus.open()
    await bus.put("who", b"other")
    await bus.publish("hello", bus.id.encode())
    await asyncio.sleep(60)

asyncio.run(main())
"""


class TestLocalBus(BusSuite):
    @pytest.fixture
    async def make(self, tmp_path: Path) -> AsyncIterator[MakeBus]:
        opened: list[LocalBus] = []

        async def open_one() -> Bus:
            bus = LocalBus(tmp_path)
            await bus.open()
            opened.append(bus)
            return bus

        yield open_one
        for bus in opened:
            await bus.close()


@pytest.mark.anyio
async def test_another_process_is_heard_and_missed_when_killed(tmp_path: Path) -> None:
    bus = LocalBus(tmp_path)
    await bus.open()
    heard: list[bytes] = []
    bus.subscribe("hello", heard.append)
    process = subprocess.Popen([sys.executable, "-c", OTHER_WORKER, str(tmp_path)])
    try:
        await until(lambda: bool(heard), 20)
        assert await bus.get("who") == b"other"
        assert heard[0].decode() in await bus.workers()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert await bus.get("who") is None
    assert await bus.workers() == {bus.id}
    await bus.close()


@pytest.mark.anyio
async def test_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "runtime.db").write_bytes(b"no database at all" * 500)
    bus = LocalBus(tmp_path)
    await bus.open()
    await bus.put("key", b"value")
    assert await bus.get("key") == b"value"
    await bus.close()


@pytest.mark.anyio
async def test_file_is_private(tmp_path: Path) -> None:
    bus = LocalBus(tmp_path)
    await bus.open()
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    await bus.close()
    assert not any(modes.values()), modes


@pytest.mark.anyio
async def test_closed_bus_is_unavailable(tmp_path: Path) -> None:
    bus = LocalBus(tmp_path)
    with pytest.raises(Unavailable):
        await bus.publish("news", b"")


@pytest.mark.anyio
async def test_message_takes_little_time(tmp_path: Path) -> None:
    one, two = LocalBus(tmp_path), LocalBus(tmp_path)
    await one.open()
    await two.open()
    arrived = asyncio.Event()
    two.subscribe("news", lambda _: arrived.set())
    await one.publish("news", b"")
    await asyncio.wait_for(arrived.wait(), 2)
    await one.close()
    await two.close()
