"""The turn to write, handed fairly between the worker processes of one box.

SQLite lets one process write at a time, and those that wait poll with growing sleeps: under
load one may starve. Two file locks hand the turn over at once instead. Whoever wants it takes
the gate first, then the turn, then leaves the gate: the process that just wrote finds the
gate taken by the one that waits, so turns alternate. The kernel frees both when a process
dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class WriteTurn:
    """Held from before BEGIN until after COMMIT by the process that writes.

    `name` tells the databases apart whose processes meet in one folder.
    """

    def __init__(self, folder: Path, name: str = "write") -> None:
        self._gate = _open(folder / f"{name}.gate")
        self._turn = _open(folder / f"{name}.turn")

    def try_acquire(self) -> bool:
        """Take the turn if nobody has it or waits for it; never blocks."""
        if not _try_lock(self._gate):
            return False
        try:
            return _try_lock(self._turn)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def acquire(self) -> None:
        """Wait for the turn. Blocks: call it in a thread."""
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def release(self) -> None:
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._gate)
        os.close(self._turn)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
