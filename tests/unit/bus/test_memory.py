from collections.abc import AsyncIterator

import pytest

from tenfold.bus import Bus
from tenfold.bus.memory import MemoryBus, MemoryHub
from tests.contracts.bus import BusSuite, MakeBus


class TestMemoryBus(BusSuite):
    @pytest.fixture
    async def make(self) -> AsyncIterator[MakeBus]:
        hub = MemoryHub()

        async def open_one() -> Bus:
            bus = MemoryBus(hub)
            await bus.open()
            return bus

        yield open_one
