"""The turn to write, shared by processes."""

from __future__ import annotations

import fcntl
import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from tenfold.store.sqlite_lock import WriteTurn


def test_a_second_holder_must_wait(tmp_path: Path) -> None:
    first, second = WriteTurn(tmp_path), WriteTurn(tmp_path)
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()
    assert second.try_acquire()


def test_waiting_for_the_turn_closes_the_gate_to_the_last_holder(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    holds, may_end = spawn.Event(), spawn.Event()
    mine = WriteTurn(tmp_path)
    mine.acquire()
    other = spawn.Process(target=_take_turn, args=(tmp_path, holds, may_end))
    other.start()
    try:
        _wait_until_gate_is_closed(tmp_path)
        mine.release()
        assert not mine.try_acquire(), "the process that waits goes first"
        assert holds.wait(10)
    finally:
        may_end.set()
        other.join(10)
    mine.acquire()


def test_a_killed_holder_loses_the_turn(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    holds, never = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_take_turn, args=(tmp_path, holds, never))
    other.start()
    assert holds.wait(10)
    other.kill()
    other.join(10)
    WriteTurn(tmp_path).acquire()


def _take_turn(folder: Path, holds: Event, may_end: Event) -> None:
    WriteTurn(folder).acquire()
    holds.set()
    may_end.wait(20)


def _wait_until_gate_is_closed(folder: Path) -> None:
    deadline = time.monotonic() + 10
    with (folder / "write.gate").open() as gate:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(gate, fcntl.LOCK_UN)
            time.sleep(0.01)
    raise AssertionError("nobody came to wait")
