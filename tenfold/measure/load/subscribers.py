"""Many realtime connections that watch one collection, and how old what they are told is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from tenfold.errors import OperatorError
from tenfold.measure.latencies import Counts
from tenfold.measure.load.answers import BadAnswer, Chunks
from tenfold.measure.load.asks import head, with_json
from tenfold.measure.load.caller import Caller
from tenfold.measure.load.connection import connect
from tenfold.measure.load.generator import CpuMeter
from tenfold.measure.load.site import Address, Site
from tenfold.measure.load.tally import ListenTally, count_in

AT_ONCE = 32
PATIENCE_S = 30.0
HELD_LIMIT = 4 << 20
SWEEP_S = 0.1
ASK = "/api/realtime"


@dataclass(frozen=True, slots=True)
class ListenJob:
    """How many subscribers, and which part of the time counts (seconds after the start)."""

    site: Site
    subscribers: int
    measured_from_s: float
    measured_s: float


class Subscriber(asyncio.Protocol):
    """One connection: gathers events, hands each one's text to its listener."""

    def __init__(self, listener: Listener, request: bytes) -> None:
        self.client_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_open = False
        self._listener = listener
        self._request = request
        self._chunks: Chunks | None = None
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        try:
            self._feed(data)
        except (BadAnswer, ValueError):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if not self.client_id.done():
            self.client_id.set_exception(ConnectionResetError("connection closed"))

    def close(self) -> None:
        """End the connection at once."""
        if self._transport:
            self._transport.abort()

    def _feed(self, data: bytes) -> None:
        if self._chunks is None:
            data = self._after_head(data)
        if self._chunks is None:
            return
        *events, self._held = (self._held + self._chunks.feed(data)).split(b"\n\n")
        if len(self._held) > HELD_LIMIT:
            raise BadAnswer("an event without an end")
        for event in events:
            if self.client_id.done():
                self._listener.told(event)
            else:
                self.client_id.set_result(_client_id(event))

    def _after_head(self, data: bytes) -> bytes:
        self._held += data
        first, found, rest = self._held.partition(b"\r\n\r\n")
        if not found:
            if len(self._held) > HELD_LIMIT:
                raise BadAnswer("a head without an end")
            return b""
        if b" 200" not in first[:13] or b"chunked" not in first.lower():
            raise BadAnswer("no stream of events")
        self._chunks, self._held = Chunks(), b""
        return rest


def _client_id(event: bytes) -> str:
    for line in event.splitlines():
        if line.startswith(b"data:"):
            return str(json.loads(line[5:])["clientId"])
    raise ValueError("no data")


class Listener:
    """Runs one job. `prepare`, then `run` until it is told to stop."""

    def __init__(self, job: ListenJob) -> None:
        self._job = job
        self._all: list[Subscriber] = []
        self._counts: Counts = {}
        self._received = 0
        self._from_us = self._upto_us = 0

    async def prepare(self) -> None:
        """Connect and subscribe. Raises: OperatorError."""
        left = iter(range(self._job.subscribers))
        callers = range(min(AT_ONCE, self._job.subscribers))
        await asyncio.gather(*(self._subscribe_some(left) for _ in callers))

    async def run(self, starts_at: float, told: asyncio.Future[object]) -> ListenTally:
        """Count the events of writes planned in the measured time, until `told` is done."""
        self._from_us = int((starts_at + self._job.measured_from_s) * 1e6)
        self._upto_us = self._from_us + int(self._job.measured_s * 1e6)
        meter = CpuMeter()
        while not told.done():
            meter.look(time.monotonic())
            await asyncio.sleep(SWEEP_S)
        connected = sum(subscriber.is_open for subscriber in self._all)
        for subscriber in self._all:
            subscriber.close()
        return ListenTally(connected, self._received, self._counts, meter.cpu_s, meter.wall_s)

    def told(self, event: bytes) -> None:
        """One event; its record's title is the time at which the write was planned."""
        _, found, rest = event.partition(b'"title":"')
        title = rest[:20].partition(b'"')[0]
        if not found or not title.isdigit():
            return
        if self._from_us <= int(title) < self._upto_us:
            self._received += 1
            count_in(self._counts, time.monotonic() - int(title) / 1e6)

    async def _subscribe_some(self, left: Iterator[int]) -> None:
        address = self._job.site.address
        caller = await _connected(address)
        try:
            for _ in left:
                await self._subscribe(address, caller)
        finally:
            caller.close()

    async def _subscribe(self, address: Address, caller: Caller) -> None:
        request = head("GET", ASK, address) + b"Accept: text/event-stream\r\n\r\n"
        try:
            subscriber = await connect(address, lambda: Subscriber(self, request))
            async with asyncio.timeout(PATIENCE_S):
                client_id = await subscriber.client_id
        except OSError as error:
            raise OperatorError(f"a subscriber can't connect: {error}") from error
        topics = {"clientId": client_id, "subscriptions": [f"{self._job.site.open_name}/*"]}
        body = json.dumps(topics).encode()
        status, _ = await caller.ask(with_json(head("POST", ASK, address), body), PATIENCE_S)
        if status != 204:
            raise OperatorError(f"a subscription is answered with status {status}")
        self._all.append(subscriber)


async def _connected(address: Address) -> Caller:
    try:
        return await Caller.open(address)
    except OSError as error:
        raise OperatorError(f"can't connect to {address.url}: {error}") from error
