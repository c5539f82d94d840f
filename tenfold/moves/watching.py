"""Whoever shows how a move goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Show = Callable[[str, int], None]
"""Told what is being done to (a collection's name, a file's key), and how many more are done."""


class Watcher(Protocol):
    """Shows the steps of a move."""

    def step(self, name: str, total: int) -> Show:
        """A step begins that has `total` rows to do; 0: nobody knows how much."""
        ...
