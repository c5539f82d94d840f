"""Where a data folder's data lies, whatever the settings said when it was moved."""

from __future__ import annotations

from dataclasses import replace

from tenfold.moves.state import Place, read
from tenfold.settings import Settings, SettingsError


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
