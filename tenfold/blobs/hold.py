"""A lock between all processes of a box that makes deletes wait for the next sweep.

The backup holds it alone; each delete shares it for the moment it takes. So a file that a
database snapshot names can't go while it is copied. The kernel frees the lock when its
process dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class DeleteHold:
    """The lock as a file; every use opens it anew, so threads exclude each other too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def acquire(self) -> None:
        """Take the hold; waits for deletes under way and for another holder. Blocks."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        self._held = descriptor

    def release(self) -> None:
        """Let deletes through again."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @contextmanager
    def unless_held(self) -> Generator[bool]:
        """Keep a holder out for as long as the block runs; False when there is one."""
        try:
            descriptor = self._open()
        except FileNotFoundError:  # no folder yet, so nothing to delete
            yield True
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            is_free = True
        except BlockingIOError:
            is_free = False
        try:
            yield is_free
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
