"""Counters of hits per window, shared by the worker processes of one box: rate limits.

One worker counts in a dict. Several share a file mapped into memory: a table of fixed size
whose cells are changed under a byte-range lock that the kernel drops when its holder dies.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

CELL = struct.Struct("=16sdQ")
"""Digest of the key, end of its window (seconds since 1970), hits."""

CELLS_PER_BUCKET = 8
BUCKET_BYTES = CELL.size * CELLS_PER_BUCKET
BUCKETS = 16_384
KEPT_KEYS = 100_000


class Counters:
    """Fixed windows that start with a key's first hit.

    `folder` is the data folder the workers share; None counts for this process alone. At most
    131,072 keys are counted at a time; then the key of a bucket with the fewest hits gives way.
    """

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._windows: dict[str, list[float]] = {}
        self._table = _Table(folder / "runtime.counters") if folder else None

    def hit(self, key: str, limit: int, window_s: float) -> bool:
        """Count one hit; False when the key's window had `limit` of them before."""
        now = self._clock()
        if self._table:
            return self._table.count(key, now, window_s) <= limit
        window = self._windows.get(key)
        # An end too far ahead means that the clock was set back.
        if window is None or not now < window[0] <= now + window_s:
            if len(self._windows) >= KEPT_KEYS:
                self._prune(now)
            self._windows[key] = window = [now + window_s, 0]
        window[1] += 1
        return window[1] <= limit

    def close(self) -> None:
        """Let go of the shared file."""
        if self._table:
            self._table.close()
            self._table = None

    def _prune(self, now: float) -> None:
        live = {key: window for key, window in self._windows.items() if window[0] > now}
        if len(live) >= KEPT_KEYS:
            busiest = sorted(live.items(), key=lambda item: item[1][1])[KEPT_KEYS // 2 :]
            live = dict(busiest)
        self._windows = live


class _Table:
    """Buckets of cells in a mapped file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Every page is taken now: on a full disk, touching one of a sparse file would kill us.
        os.posix_fallocate(self._file, 0, BUCKETS * BUCKET_BYTES)
        self._cells = mmap.mmap(self._file, BUCKETS * BUCKET_BYTES)

    def close(self) -> None:
        self._cells.close()
        os.close(self._file)

    def count(self, key: str, now: float, window_s: float) -> int:
        """Add a hit and return how many the key's window has now."""
        digest = blake2b(key.encode(), digest_size=16).digest()
        start = int.from_bytes(digest[:4], "little") % BUCKETS * BUCKET_BYTES
        fcntl.lockf(self._file, fcntl.LOCK_EX, BUCKET_BYTES, start)
        try:
            offset, end, hits = self._find(digest, start, now)
            if not now < end <= now + window_s:
                end, hits = now + window_s, 0
            CELL.pack_into(self._cells, offset, digest, end, hits + 1)
            return hits + 1
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, BUCKET_BYTES, start)

    def _find(self, digest: bytes, start: int, now: float) -> tuple[int, float, int]:
        """The key's cell, else a free one, else the one that is worth least."""
        least, spare = -1, start
        for offset in range(start, start + BUCKET_BYTES, CELL.size):
            owner, end, hits = CELL.unpack_from(self._cells, offset)
            if owner == digest:
                return offset, end, hits
            worth = hits if end > now else 0
            if least < 0 or worth < least:
                least, spare = worth, offset
        return spare, 0.0, 0
