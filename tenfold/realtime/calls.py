"""Ask the worker that holds a client's stream, and answer such questions."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

import msgspec

from tenfold.bus import Bus
from tenfold.errors import Unavailable

log = logging.getLogger("tenfold.realtime")

ANSWER_LIMIT_S = 5.0
MAX_RUNNING = 10_000


class _Call(msgspec.Struct):
    caller: str
    number: int
    body: bytes


class _Answer(msgspec.Struct):
    number: int
    body: bytes


class Calls:
    """Questions between workers over the bus. `answer` must not raise."""

    def __init__(self, bus: Bus, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._bus = bus
        self._answer = answer
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Future[bytes]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._unsubscribe: list[Callable[[], None]] = []

    def start(self) -> None:
        """Listen for questions and answers."""
        self._unsubscribe = [
            self._bus.subscribe(f"realtime.call.{self._bus.id}", self._take_call),
            self._bus.subscribe(f"realtime.answer.{self._bus.id}", self._take_answer),
        ]

    def stop(self) -> None:
        """Stop listening; questions under way get no answer."""
        for end in self._unsubscribe:
            end()
        for task in self._running:
            task.cancel()

    async def ask(self, worker_id: str, body: bytes) -> bytes | None:
        """The answer of a worker, or None when it does not live.

        Raises: Unavailable when it lives but does not answer.
        """
        if worker_id not in await self._bus.workers():
            return None
        number = next(self._numbers)
        future = self._open[number] = asyncio.get_running_loop().create_future()
        call = msgspec.msgpack.encode(_Call(self._bus.id, number, body))
        try:
            await self._bus.publish(f"realtime.call.{worker_id}", call)
            return await asyncio.wait_for(future, ANSWER_LIMIT_S)
        except TimeoutError as error:
            if worker_id not in await self._bus.workers():
                return None
            raise Unavailable("Another worker process does not answer.") from error
        finally:
            del self._open[number]

    def _take_call(self, message: bytes) -> None:
        if len(self._running) >= MAX_RUNNING:
            return
        call = msgspec.msgpack.decode(message, type=_Call)
        task = asyncio.get_running_loop().create_task(self._reply(call))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _reply(self, call: _Call) -> None:
        body = await self._answer(call.body)
        answer = msgspec.msgpack.encode(_Answer(call.number, body))
        try:
            await self._bus.publish(f"realtime.answer.{call.caller}", answer)
        except Unavailable as error:
            log.warning("an answer to another worker was lost: %s", error)

    def _take_answer(self, message: bytes) -> None:
        answer = msgspec.msgpack.decode(message, type=_Answer)
        future = self._open.get(answer.number)
        if future and not future.done():
            future.set_result(answer.body)
