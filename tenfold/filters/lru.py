"""A small map that forgets what was not used for longest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """A bounded map. Safe to use from several threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: dict[K, V] = {}

    def find(self, key: K) -> V | None:
        """The value under a key, which becomes the newest, or None."""
        value = self._entries.pop(key, None)
        if value is not None:
            self._entries[key] = value
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value; the oldest one goes when there is no room."""
        self._entries[key] = value
        while len(self._entries) > self._capacity:
            self._entries.pop(next(iter(self._entries), key), None)
