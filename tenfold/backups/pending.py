"""A restore that waits for the service's next start, and how it is carried out there.

What will be the data lies complete in `.restore/new`. A journal says how far the exchange is;
each step can be repeated, so whoever is killed in between continues at the next start:

ready       the old data moves to `.restore/old`
moved       the new data moves to its place
(no journal) done, `.restore` can go
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from tenfold.durable import sync

FOLDER = ".restore"
JOURNAL = "journal.json"
READY, MOVED = "ready", "moved"


class Journal(msgspec.Struct, frozen=True):
    """How far the exchange is, which backup it is, and which parts of the data it replaces."""

    state: str
    name: str
    parts: tuple[str, ...]


def staging(folder: Path) -> Path:
    """Where a restore of a data folder is prepared."""
    return folder / FOLDER


def new_data(folder: Path) -> Path:
    """Where what will be the data is put together."""
    return staging(folder) / "new"


def announce(folder: Path, name: str, parts: tuple[str, ...]) -> None:
    """The new data is complete and durable: let it replace the old one at the next start."""
    _write(folder, Journal(READY, name, parts))


def is_pending(folder: Path) -> bool:
    """Whether a restore waits for a start."""
    return (staging(folder) / JOURNAL).exists()


def apply(folder: Path) -> str:
    """Carry out the restore that waits, if one does; its backup's name, else "".

    Nobody else may work on the folder. A kill at any moment loses nothing; call it again.
    """
    journal = _read(folder)
    if journal is None:
        shutil.rmtree(staging(folder), ignore_errors=True)
        return ""
    if journal.state == READY:
        _move(folder, staging(folder) / "old", journal.parts)
        journal = Journal(MOVED, journal.name, journal.parts)
        _write(folder, journal)
    _move(new_data(folder), folder, journal.parts)
    (staging(folder) / JOURNAL).unlink()
    sync(staging(folder))
    shutil.rmtree(staging(folder), ignore_errors=True)
    return journal.name


def _move(source: Path, target: Path, parts: tuple[str, ...]) -> None:
    """Move those parts that are still at the source."""
    target.mkdir(exist_ok=True)
    for part in parts:
        if (source / part).exists():
            (source / part).rename(target / part)
    sync(target)
    sync(source)


def _write(folder: Path, journal: Journal) -> None:
    passing = staging(folder) / "journal.new"
    with passing.open("wb") as file:
        file.write(msgspec.json.encode(journal))
        os.fsync(file.fileno())
    passing.rename(staging(folder) / JOURNAL)
    sync(staging(folder))
    sync(folder)


def _read(folder: Path) -> Journal | None:
    try:
        text = (staging(folder) / JOURNAL).read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(text, type=Journal)
