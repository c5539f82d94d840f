"""Moves: all data from one place to another while the service runs."""

from tenfold.moves.files import FilesCompared, compare_files, copy_files, copy_missed
from tenfold.moves.missed import MissedKeys

__all__ = ["FilesCompared", "MissedKeys", "compare_files", "copy_files", "copy_missed"]
