"""Who works on a data folder: one backup or restore at a time, and the services that use it.

Both are file locks, which the kernel frees when their process dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tenfold.errors import BadRequest

BUSY = "Try again later - another backup/restore process has already been started."
LOOK_AGAIN_S = 0.1


class BackupTurn:
    """Held by the backup or restore that is under way on this box."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "backup.turn"

    @contextmanager
    def held(self) -> Generator[None]:
        """Take the turn for a while. Raises: BadRequest when somebody has it."""
        descriptor = _open(self._path)
        try:
            if not _try_lock(descriptor, fcntl.LOCK_EX):
                raise BadRequest(BUSY)
            yield
        finally:
            os.close(descriptor)

    def is_free(self) -> bool:
        """Whether nobody has it right now."""
        if not self._path.exists():
            return True
        descriptor = _open(self._path)
        try:
            return _try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)


class FolderUse:
    """A process and its forks working on a data folder, until they all end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _open(folder / "serve.lock")

    def try_alone(self, wait_s: float = 0.0) -> bool:
        """Keep all others out; False when there are some and they don't leave in time."""
        ends_at = time.monotonic() + wait_s
        while not _try_lock(self._lock, fcntl.LOCK_EX):
            if time.monotonic() >= ends_at:
                return False
            time.sleep(LOOK_AGAIN_S)
        return True

    def share(self) -> None:
        """Use the folder beside others. Waits for one that is alone to finish."""
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def end(self) -> None:
        """Leave the folder; a process that ends does so by itself."""
        os.close(self._lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
