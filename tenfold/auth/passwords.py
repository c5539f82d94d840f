"""Passwords: bcrypt in a few threads of low priority, never on the event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

import bcrypt

from tenfold.errors import Unavailable
from tenfold.telemetry.figures import Tally

T = TypeVar("T")

MAX_BYTES = 72
"""bcrypt reads no further; nothing longer can be hashed."""

QUEUE_LIMIT = 64
NICENESS = 10
BUSY = "Too many sign-ins at once, please try again."


class Passwords:
    """Hashes and checks passwords.

    At most `queue_limit` wait or run at a time; more are refused at once (Unavailable), so that
    a storm of sign-ins slows down sign-ins and nothing else.
    """

    def __init__(self, threads: int = 2, queue_limit: int = QUEUE_LIMIT) -> None:
        self._threads = ThreadPoolExecutor(threads, "password", initializer=_yield_to_others)
        self._places = threading.BoundedSemaphore(queue_limit)
        self.threads = threads
        self.waits = Tally()
        """Until a thread was free."""
        self.runs = Tally()
        """Hashing or checking, in a thread."""
        self.queue_count = 0
        """Those that wait or run now."""
        self.refused_count = 0

    async def hash(self, text: str, cost: int) -> str:
        """The bcrypt hash of a text of at most 72 bytes. Raises: Unavailable."""
        return await self._run(lambda: _hash(text, cost))

    async def verify(self, text: str, hashed: str) -> bool:
        """Whether a hash was made from this text. Raises: Unavailable."""
        return await self._run(lambda: _verify(text, hashed))

    async def pretend(self, text: str, cost: int) -> bool:
        """Take as long as `verify` and say no: for accounts that are not there."""
        await self._run(lambda: _hash(text[:1], cost))
        return False

    def close(self) -> None:
        """Stop; what still waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            self.refused_count += 1
            raise Unavailable(BUSY)
        # The place is free when the work is over, which a caller who leaves does not end.
        self.queue_count += 1
        future = self._threads.submit(self._timed, work, perf_counter())
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def _timed(self, work: Callable[[], T], asked_at: float) -> T:
        began_at = perf_counter()
        self.waits.add(began_at - asked_at)
        try:
            return work()
        finally:
            self.runs.add(perf_counter() - began_at)

    def _leave(self) -> None:
        self.queue_count -= 1
        self._places.release()


def _yield_to_others() -> None:
    """On Linux a thread has its own priority: let the event loop's go first."""
    if hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        except OSError:
            return


def _hash(text: str, cost: int) -> str:
    return bcrypt.hashpw(_bytes(text), bcrypt.gensalt(cost, prefix=b"2a")).decode()


def _verify(text: str, hashed: str) -> bool:
    try:
        return bcrypt.checkpw(_bytes(text)[:MAX_BYTES], hashed.encode())
    except ValueError:
        return False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
