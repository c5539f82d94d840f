"""What workers show each other, over real processes."""

from __future__ import annotations

import os
import signal
import time

from tenfold.telemetry.board import SLOT_BYTES, Board


def _forked(board: Board, content: bytes) -> int:
    """A process that shows something and stays."""
    shown, ready = os.pipe()
    pid = os.fork()
    if pid == 0:
        board.claim()
        board.write(content)
        os.write(ready, b"+")
        time.sleep(60)
        os._exit(0)
    os.read(shown, 1)
    os.close(shown)
    os.close(ready)
    return pid


def test_workers_see_each_other_until_they_die() -> None:
    board = Board(2)
    first, second = _forked(board, b"first"), _forked(board, b"second")
    try:
        assert board.claim() == 3
        assert board.write(b"own")
        assert {number: told for number, (_, told) in board.read().items()} == {
            1: b"first",
            2: b"second",
            3: b"own",
        }
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        assert set(board.read()) == {2, 3}
        first = _forked(board, b"third")
        assert board.read()[1][1] == b"third"
    finally:
        for pid in (first, second):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_nobody_is_asked_at_first() -> None:
    board = Board(1)
    assert not board.is_asked()
    board.ask()
    assert board.is_asked()


def test_too_much_is_refused() -> None:
    board = Board(1)
    board.claim()
    assert board.write(b"before")
    assert not board.write(b"x" * SLOT_BYTES)
    assert board.read()[1][1] == b"before"
