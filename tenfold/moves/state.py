"""How far a live move is: one small file in the data folder that mover and workers read.

copying     rows and files go to the target; workers keep new files on both sides
ready       the target is complete; workers have it open, too, and look at the file often
holding     workers hold their writes; the mover brings the last ones over
switched    the target is the place of the data from now on: the one atomic step of a move;
            the source is kept current, so that there is a way back
settled     as switched, but the source is left alone

Without the file the data is where the settings say. The file is replaced as a whole under a
lock, so that of two who want to leave a phase one wins; it survives power loss. A move back is
another move, with the sides exchanged.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from tenfold.durable import replace_private, sync
from tenfold.errors import OperatorError

Phase = Literal["copying", "ready", "holding", "switched", "settled"]
MOVED = ("switched", "settled")

FILE = "move.json"
LOCK = "move.lock"


class Place(msgspec.Struct, frozen=True):
    """Where data lies: the settings `store` and `blobs`, as texts; a password may be in them."""

    store: str
    blobs: str


class Move(msgspec.Struct, frozen=True):
    """A move, and how far it is. `number` grows with every phase; `at` is in seconds since 1970."""

    phase: Phase
    source: Place
    target: Place
    number: int
    at: float

    @property
    def place(self) -> Place:
        """Where the data is read and written."""
        return self.target if self.phase in MOVED else self.source

    @property
    def other(self) -> Place | None:
        """Where it is kept, too."""
        if self.phase == "settled":
            return None
        return self.source if self.phase == "switched" else self.target


class Overtaken(OperatorError):
    """Somebody else has changed the phase meanwhile."""

    def __init__(self) -> None:
        super().__init__("The move has been changed by another process.")


def read(folder: Path) -> Move | None:
    """The move of a data folder, if there is one. Raises: OperatorError."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Move)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise OperatorError(f"{folder / FILE} can't be read: {error}") from None


def begin(folder: Path, source: Place, target: Place) -> Move:
    """Write down a new move, or go on with the same one. Raises: OperatorError for another."""
    with _locked(folder):
        known = read(folder)
        if known is not None and known.phase not in MOVED:
            if (known.source, known.target) != (source, target):
                raise OperatorError(
                    "A move to another place was begun.", hint="tenfold grow --cancel gives it up"
                )
            number = known.number
        else:
            number = known.number if known else 0
        return _write(folder, Move("copying", source, target, number + 1, time.time()))


def advance(folder: Path, seen: Move, phase: Phase) -> Move:
    """Go to another phase. Raises: Overtaken when the move is not as it was seen any more."""
    with _locked(folder):
        if read(folder) != seen:
            raise Overtaken
        changed = Move(phase, seen.source, seen.target, seen.number + 1, time.time())
        return _write(folder, changed)


def forget(folder: Path, seen: Move) -> None:
    """Give a move up before its switch: the data is settled where it was. Raises: Overtaken."""
    with _locked(folder):
        if read(folder) != seen or seen.phase in MOVED:
            raise Overtaken
        number = seen.number + 1
        _write(folder, Move("settled", seen.target, seen.source, number, time.time()))


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(folder: Path, move: Move) -> Move:
    replace_private(folder / FILE, msgspec.json.encode(move))
    sync(folder)
    return move
