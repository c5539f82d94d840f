"""Memory that the workers of one service share, to show each other what they have counted.

Made before the workers are forked. Each worker owns a slot for as long as it lives: the kernel
frees the lock on it when the process ends. Nobody writes until somebody asks, and nothing of it
is ever on a disk.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
import zlib

SLOT_BYTES = 256 << 10
SPARE_SLOTS = 2
"""For workers that replace others before these are quite gone."""

WANTED_FOR_S = 30.0
_WANTED = struct.Struct("d")
_HEAD = struct.Struct("dII")
"""When it was written (monotonic), the length and the checksum of what follows."""

_FIRST = mmap.PAGESIZE


class Board:
    """Slots for a number of workers. `claim` one in each, after the fork."""

    def __init__(self, workers: int) -> None:
        self._slots = workers + SPARE_SLOTS
        self._own = -1
        self._file = os.memfd_create("tenfold-figures", os.MFD_CLOEXEC)
        size = _FIRST + self._slots * SLOT_BYTES
        os.ftruncate(self._file, size)
        self._memory = mmap.mmap(self._file, size)

    def claim(self) -> int:
        """Take a free slot; its number, from 1."""
        for slot in range(self._slots):
            if self._try_lock(slot):
                self._own = slot
                break
        return self._own + 1

    def ask(self) -> float:
        """Let all workers write what they have counted, for a while; the time of the asking."""
        now = time.monotonic()
        _WANTED.pack_into(self._memory, 0, now)
        return now

    def is_asked(self) -> bool:
        """Whether somebody has asked lately."""
        return time.monotonic() - _WANTED.unpack_from(self._memory, 0)[0] < WANTED_FOR_S

    def write(self, content: bytes) -> bool:
        """Show something in the own slot; False when it is too long or there is no slot."""
        if self._own < 0 or len(content) > SLOT_BYTES - _HEAD.size:
            return False
        start = _FIRST + self._own * SLOT_BYTES
        begin = start + _HEAD.size
        self._memory[begin : begin + len(content)] = content
        _HEAD.pack_into(self._memory, start, time.monotonic(), len(content), zlib.crc32(content))
        return True

    def read(self) -> dict[int, tuple[float, bytes]]:
        """What living workers show, by their numbers, with the time at which it was written."""
        found: dict[int, tuple[float, bytes]] = {}
        for slot in range(self._slots):
            shown = self._read(slot)
            if shown and (slot == self._own or self._is_owned(slot)):
                found[slot + 1] = shown
        return found

    def _read(self, slot: int) -> tuple[float, bytes] | None:
        start = _FIRST + slot * SLOT_BYTES
        for _ in range(3):
            at, length, checksum = _HEAD.unpack_from(self._memory, start)
            begin = start + _HEAD.size
            content = self._memory[begin : begin + length]
            # Else it was being written.
            if length and zlib.crc32(content) == checksum:
                return at, content
        return None

    def _is_owned(self, slot: int) -> bool:
        if not self._try_lock(slot):
            return True
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
        return False

    def _try_lock(self, slot: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            return False
        return True
