"""A bounded in-process cache that costs nothing on a hit; any thread may use it."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

ENTRY_OVERHEAD_BYTES = 300
"""What an entry costs beside its content: keys, tuples, dict slots (measured, CPython 3.11)."""


class GenerationCache(Generic[K, V]):
    """Keeps what was used lately, within `limit_bytes`.

    Two generations: new and used entries live in the young one; when it has filled half of
    the room it becomes the old one, and what nobody used there meanwhile is forgotten. A hit
    in the young generation is one dict look-up, with no order to maintain.
    """

    __slots__ = ("_half_bytes", "_lock", "_old", "_old_bytes", "_young", "_young_bytes", "evicted")

    def __init__(self, limit_bytes: int) -> None:
        self._half_bytes = limit_bytes // 2
        self._lock = Lock()
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}
        self._young_bytes = 0
        self._old_bytes = 0
        self.evicted = 0
        """Entries that were forgotten for want of room, since the start."""

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    @property
    def size_bytes(self) -> int:
        """How much room is taken, at most."""
        return self._young_bytes + self._old_bytes

    @property
    def limit_bytes(self) -> int:
        return 2 * self._half_bytes

    def get(self, key: K) -> V | None:
        """What was put under a key, if it is still here."""
        found = self._young.get(key)
        if found is not None:
            return found[0]
        if key not in self._old:
            return None
        with self._lock:
            found = self._old.pop(key, None)
            if found is None:
                return None
            self._keep(key, found)
            return found[0]

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Keep a value; one larger than an eighth of the room is not worth it."""
        with self._lock:
            self._drop(key)
            if size_bytes * 4 <= self._half_bytes:
                self._keep(key, (value, size_bytes + ENTRY_OVERHEAD_BYTES))

    def drop(self, key: K) -> None:
        """Forget a key, if it is here."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._young.clear()
            self._old.clear()
            self._young_bytes = self._old_bytes = 0

    def _drop(self, key: K) -> None:
        found = self._young.pop(key, None)
        if found is not None:
            self._young_bytes -= found[1]
        else:
            self._old.pop(key, None)

    def _keep(self, key: K, entry: tuple[V, int]) -> None:
        self._young[key] = entry
        self._young_bytes += entry[1]
        if self._young_bytes > self._half_bytes:
            self.evicted += len(self._old)
            self._old, self._old_bytes = self._young, self._young_bytes
            self._young = {}
            self._young_bytes = 0
