"""What carries messages between the worker processes: publish, subscribe, a shared registry.

Only for what is not data: changes of records travel by the store's change log. A message
reaches whoever listens at that moment; nothing is kept for later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Receiver = Callable[[bytes], None]
"""Takes a message on the event loop and returns at once; it must not raise."""


class Bus(Protocol):
    """One worker's connection to all workers, itself among them."""

    @property
    def id(self) -> str:
        """This worker: 8 letters and digits, new at every start."""
        ...

    async def open(self) -> None:
        """Join the others."""
        ...

    async def close(self) -> None:
        """Leave; entries put by this worker vanish. A second call does nothing."""
        ...

    async def publish(self, topic: str, payload: bytes) -> None:
        """Send a message to every subscriber of a topic in every worker.

        Messages of one publisher arrive in their order, at most once. Subscribers of this
        worker have it before this returns. Raises: Unavailable.
        """
        ...

    def subscribe(self, topic: str, receive: Receiver) -> Callable[[], None]:
        """Receive the messages of a topic from now on; the result ends it."""
        ...

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value under a key as long as this worker lives. Raises: Unavailable."""
        ...

    async def get(self, key: str) -> bytes | None:
        """The value under a key, if the worker that put it lives."""
        ...

    async def delete(self, key: str) -> None:
        """Drop a key, whoever put it."""
        ...

    async def workers(self) -> frozenset[str]:
        """The ids of the workers that live now."""
        ...
