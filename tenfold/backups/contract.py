"""What backups need from rooms that they must not import; app.py and the CLI hand it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

Progress = Callable[[str, int, int], None]
"""Told what is being done, and how many bytes of how many are."""


def unheard(doing: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
    del doing, done, total


@dataclass(frozen=True, slots=True)
class BackupFile:
    """An archive in the place for backups."""

    name: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data, and what can be done with it as a whole."""

    path: Path
    take_snapshot: Callable[[Path, Path, Callable[[int, int], None]], None]
    """Copies the database of a folder to a file, as of one moment. Blocks."""
    check: Callable[[Path], Awaitable[None]]
    """Opens a folder's data as the service does. Raises: OperatorError when that fails."""
    convert: Callable[[Path, Path], Awaitable[None]]
    """Makes data of a PocketBase folder, in a new folder. Raises: OperatorError."""
