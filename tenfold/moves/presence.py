"""Which workers are at work on a data folder, and which phase of a move each has dealt with."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

WORKERS = "move.workers"


@dataclass(slots=True)
class Presence:
    """A worker's mark in the folder: that it lives, and which number it has dealt with.

    The mark is locked by its worker, so that a dead one's is known for what it is.
    """

    folder: Path
    _descriptor: int = -1

    def begin(self) -> None:
        """Be seen, before the move is looked at for the first time."""
        marks = self.folder / WORKERS
        marks.mkdir(mode=0o700, exist_ok=True)
        path = marks / str(os.getpid())
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self.tell(0)

    def tell(self, number: int) -> None:
        """The phase with this number has been dealt with."""
        os.pwrite(self._descriptor, b"%-20d" % number, 0)

    def end(self) -> None:
        """Be gone."""
        if self._descriptor >= 0:
            (self.folder / WORKERS / str(os.getpid())).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def all_have_dealt_with(folder: Path, number: int) -> bool:
    """Whether every worker that lives has dealt with the phase of a number."""
    marks = folder / WORKERS
    for mark in marks.iterdir() if marks.is_dir() else ():
        try:
            descriptor = os.open(mark, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if not _is_left(descriptor) and int(os.pread(descriptor, 20, 0) or b"0") < number:
                return False
        finally:
            os.close(descriptor)
    return True


def _is_left(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
