"""Where a data folder's data lies, whatever the settings said when it was moved."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from tenfold.moves.presence import Presence
from tenfold.moves.state import MOVED, Place, read
from tenfold.settings import Settings, SettingsError

LOOK_S = 0.01


def placed(settings: Settings) -> Settings:
    """The settings with the place that a move has given the data.

    Raises: SettingsError when they name a third place; OperatorError.
    """
    move = read(settings.dir)
    if move is None:
        return settings
    named = place_of(settings)
    if named not in (move.source, move.target):
        raise SettingsError(
            [
                f"store and blobs name another place ({shown(named)}) than the one that"
                f" `tenfold grow` has moved the data to ({shown(move.place)})"
            ]
        )
    return at(settings, move.place)


@contextmanager
def staying(settings: Settings) -> Generator[Settings]:
    """Let no move take the data away while the block runs; the settings that name its place.

    For a process beside the service that writes on its own. Raises: as `placed`.
    """
    settings.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    presence = Presence(settings.dir)
    presence.begin()
    try:
        # The mark is seen by whoever begins to hold writes from now on; one that holds them
        # already may not have seen it.
        while (move := read(settings.dir)) is not None and move.phase == "holding":
            time.sleep(LOOK_S)
        if move is not None and move.phase in MOVED:
            presence.tell(move.number)
        yield placed(settings)
    finally:
        presence.end()


def place_of(settings: Settings) -> Place:
    """What the settings name."""
    return Place(settings.store, settings.blobs)


def at(settings: Settings, place: Place) -> Settings:
    """The settings for another place."""
    return replace(settings, store=place.store, blobs=place.blobs)


def shown(place: Place) -> str:
    """A place for people: no user, no option."""
    return f"store {_bare(place.store)}, blobs {_bare(place.blobs) or 'in the data folder'}"


def _bare(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found:
        return url
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
