"""The name that Apple tells once only, to the redirect page, kept until its code is used."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b

import msgspec

from tenfold.bus import Bus

KEPT_S = 60.0
MOST_KEPT = 1_000
MAX_NAME = 255
TOPIC = "oauth2.names"


class AppleNames:
    """Names by code, in every worker: the code may come back to another than the redirect."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.time) -> None:
        self._bus = bus
        self._clock = clock
        self._kept: dict[bytes, tuple[str, float]] = {}

    def start(self) -> None:
        """Listen for what the redirect page hears; the bus must be open."""
        self._bus.subscribe(TOPIC, self._keep)

    async def note(self, code: str, name: str) -> None:
        """Keep a name for a minute. Raises: Unavailable."""
        if code and name:
            message = msgspec.msgpack.encode((_digest(code), name[:MAX_NAME]))
            await self._bus.publish(TOPIC, message)

    def take(self, code: str) -> str:
        """The name that came with a code, or ""; it is forgotten then."""
        name, ends_at = self._kept.pop(_digest(code), ("", 0.0))
        return name if ends_at > self._clock() else ""

    def _keep(self, message: bytes) -> None:
        key, name = msgspec.msgpack.decode(message, type=tuple[bytes, str])
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (name, self._clock() + KEPT_S)


def _digest(code: str) -> bytes:
    return blake2b(code.encode("utf-8", "replace"), digest_size=16).digest()
