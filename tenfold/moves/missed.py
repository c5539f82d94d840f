"""The keys of files that only one of two places has heard of; a small file in the data folder.

Every worker adds to it, one process takes from it. A key may be here twice, or for no good
reason: to copy it once more does no harm. It need not survive power loss, as files are compared
before a switch.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tenfold.blobs import BlobsUnavailable
from tenfold.durable import write_all

FILE = "move.missed"
READ_BYTES = 256 * 1024


class MissedKeys:
    """One key, or prefix with its final "/", a line; keys have no line breaks."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def add(self, key: str) -> None:
        """Write a key down. Raises: BlobsUnavailable."""
        try:
            with self._locked() as descriptor:
                os.lseek(descriptor, 0, os.SEEK_END)
                write_all(descriptor, f"{key}\n".encode())
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise BlobsUnavailable(f"A file can't be noted for later: {reason}.") from error

    def read(self) -> list[str]:
        """The oldest keys, some thousands at most."""
        with self._locked() as descriptor:
            text = os.pread(descriptor, READ_BYTES, 0)
        whole, _, _ = text.rpartition(b"\n")
        return whole.decode(errors="replace").split("\n") if whole else []

    def clear(self, keys: Sequence[str]) -> None:
        """Forget the keys that `read` gave, unless somebody else has already."""
        done = "".join(f"{key}\n" for key in keys).encode()
        with self._locked() as descriptor:
            text = _read_all(descriptor)
            if not text.startswith(done):
                return
            # Killed in between, this leaves keys too many, never too few.
            left = text[len(done) :]
            os.lseek(descriptor, 0, os.SEEK_SET)
            write_all(descriptor, left)
            os.ftruncate(descriptor, len(left))

    @contextmanager
    def _locked(self) -> Generator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
