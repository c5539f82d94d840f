"""A bus inside one process, for tests and for tools that need no other worker."""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tenfold.bus.contract import Receiver

log = logging.getLogger("tenfold.bus")


@dataclass(slots=True)
class MemoryHub:
    """What the workers of one imagined box share."""

    buses: list[MemoryBus] = field(default_factory=list["MemoryBus"])
    entries: dict[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])


class MemoryBus:
    """See `Bus`. Buses that are given the same hub hear each other."""

    def __init__(self, hub: MemoryHub | None = None) -> None:
        self._hub = hub or MemoryHub()
        self._id = secrets.token_hex(4)
        self._receivers: defaultdict[str, list[Receiver]] = defaultdict(list)

    @property
    def id(self) -> str:
        return self._id

    async def open(self) -> None:
        self._hub.buses.append(self)

    async def close(self) -> None:
        if self in self._hub.buses:
            self._hub.buses.remove(self)
        self._hub.entries = {k: e for k, e in self._hub.entries.items() if e[0] != self._id}

    async def publish(self, topic: str, payload: bytes) -> None:
        for bus in list(self._hub.buses):
            for receive in list(bus._receivers.get(topic, ())):
                try:
                    receive(payload)
                except Exception:
                    log.exception("a receiver of %s failed", topic)

    def subscribe(self, topic: str, receive: Receiver) -> Callable[[], None]:
        receivers = self._receivers[topic]
        receivers.append(receive)
        return lambda: receivers.remove(receive) if receive in receivers else None

    async def put(self, key: str, value: bytes) -> None:
        self._hub.entries[key] = (self._id, value)

    async def get(self, key: str) -> bytes | None:
        entry = self._hub.entries.get(key)
        return entry[1] if entry else None

    async def delete(self, key: str) -> None:
        self._hub.entries.pop(key, None)

    async def workers(self) -> frozenset[str]:
        return frozenset(bus.id for bus in self._hub.buses)
