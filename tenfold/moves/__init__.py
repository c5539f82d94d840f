"""Moves: all data from one place to another while the service runs."""

from tenfold.moves.agent import Agent
from tenfold.moves.copier import Copier
from tenfold.moves.files import FilesCompared, compare_files, copy_files, copy_missed
from tenfold.moves.missed import MissedKeys
from tenfold.moves.mover import Moved, Mover, Side
from tenfold.moves.places import at, place_of, placed, shown, staying
from tenfold.moves.state import MOVED, Move, Phase, Place, advance, forget, read
from tenfold.moves.watching import Show

__all__ = [
    "MOVED",
    "Agent",
    "Copier",
    "FilesCompared",
    "MissedKeys",
    "Move",
    "Moved",
    "Mover",
    "Phase",
    "Place",
    "Show",
    "Side",
    "advance",
    "at",
    "compare_files",
    "copy_files",
    "copy_missed",
    "forget",
    "place_of",
    "placed",
    "read",
    "shown",
    "staying",
]
