"""`tenfold grow`: move all data to the next stage's place, or back, while the service runs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated, Literal, cast

from cyclopts import Parameter
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tenfold.cli.console import err, out
from tenfold.cli.options import Config, Dir, check_there, load_settings, opened
from tenfold.errors import OperatorError
from tenfold.moves import (
    MOVED,
    Move,
    Moved,
    Mover,
    Place,
    Show,
    Side,
    advance,
    at,
    forget,
    place_of,
    read,
    shown,
)
from tenfold.settings import SQLITE, Settings
from tenfold.store.copying import CopyStore

SINGLE = Place(SQLITE, "")


def grow(
    stage: Literal["split", "single"] | None = None,
    /,
    *,
    store: Annotated[
        str | None, Parameter(help="For split: the database, as the setting `store` names it.")
    ] = None,
    blobs: Annotated[
        str | None, Parameter(help="For split: the bucket, as the setting `blobs` names it.")
    ] = None,
    undo: Annotated[bool, Parameter(help="Go back to where the last move began.")] = False,
    cancel: Annotated[bool, Parameter(help="Give up a move that was begun.")] = False,
    finish: Annotated[bool, Parameter(help="Keep the old place current no longer.")] = False,
    dir: Dir = None,
    config: Config = None,
) -> None:
    """Move all data to another place while clients read and write.

    Records and files are copied and compared, every one; then writes are held for a moment
    (never failed), the last of them brought over, and all workers use the new place. The old
    place is kept current from then on, so that --undo goes back the same way.

    A move that is interrupted goes on when the command is given again; --cancel gives it up.
    Without a stage it tells where the data is. Once the settings name the new place, --finish
    ends the care for the old one.

    For example:

        tenfold grow split --store "mysql://tenfold@db/tenfold?password_file=/etc/tenfold/db"
        tenfold grow --undo
        tenfold grow single
    """
    settings = load_settings(dir, config)
    check_there(settings)
    asked = [bool(stage), undo, cancel, finish]
    if sum(asked) > 1:
        raise OperatorError("Ask for one thing: a stage, --undo, --cancel or --finish.")
    if cancel:
        _cancel(settings)
    elif finish:
        _finish(settings)
    elif undo or stage:
        target = _way_back(settings) if undo else _target(settings, stage, store, blobs)
        _tell(asyncio.run(_move(settings, target)), target)
    else:
        _show(settings)


def _target(settings: Settings, stage: str | None, store: str | None, blobs: str | None) -> Place:
    if stage == "single":
        return SINGLE
    move = read(settings.dir)
    if move is not None and move.phase not in MOVED and not (store or blobs):
        # Go on with the one that was begun.
        return move.target
    if not store:
        raise OperatorError(
            "Say where to: --store, and --blobs if the files go along.",
            hint='--store "mysql://tenfold@HOST/tenfold?password_file=FILE"',
        )
    return Place(store, settings.blobs if blobs is None else blobs)


def _way_back(settings: Settings) -> Place:
    move = read(settings.dir)
    if move is None or move.phase == "settled":
        raise OperatorError("There is no move to undo.", hint="tenfold grow single goes back, too")
    if move.phase != "switched":
        # A way back that was interrupted.
        return move.target
    return move.source


def _check_ways(source: Place, target: Place) -> None:
    """Between two databases a move goes over the folder. Raises: OperatorError."""
    if source.store == target.store:
        raise OperatorError("The database is there already.")
    if SQLITE not in (source.store, target.store):
        raise OperatorError(
            "The data is in a database of its own already.", hint="tenfold grow single comes first"
        )


async def _move(settings: Settings, target: Place) -> Moved:
    from tenfold.adapters import check_places, files_in
    from tenfold.administration import S3, SettingsRoom

    _check_ways(place_of(settings), target)
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        s3 = S3()
        for place in (place_of(settings), target):
            there = at(settings, place)
            check_places(there)
            store = (await stack.enter_async_context(opened(there))).store
            if not sides:
                room = SettingsRoom(store, settings.encryption_key)
                await room.open()
                s3 = room.current().s3
                if s3.enabled and target.blobs != place.blobs:
                    raise OperatorError("The files are in the bucket that the settings name.")
            # Both are made by `database_of`, whose stores can be copied.
            sides.append(Side(place, cast(CopyStore, store), files_in(s3, there)))
        with _Bars() as bars:
            return await Mover(settings.dir, sides[0], sides[1], bars).run()


class _Bars(Progress):
    """A bar for each step."""

    def __init__(self) -> None:
        super().__init__(
            TextColumn("{task.description}", style="bold"),
            BarColumn(),
            TextColumn("{task.completed:,}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[doing]}", style="dim", markup=False),
            console=err,
        )

    def step(self, name: str, total: int) -> Show:
        """As `Watcher`."""
        task = self.add_task(name, total=total or None, doing="")
        return lambda doing, more: self._more(task, doing, more)

    def _more(self, task: TaskID, doing: str, more: int) -> None:
        self.update(task, advance=more, doing=doing)


def _tell(moved: Moved, target: Place) -> None:
    out.print(f"The data is there now: {escape(shown(target))}.")
    out.print(
        f"  {moved.rows.rows:,} records of {moved.rows.collections} collections and"
        f" {moved.files.files:,} files ({decimal(moved.files.size_bytes)}) are equal on both sides"
    )
    out.print(f"  digest of the records {moved.rows.digest}, of the files {moved.files.digest}")
    out.print(f"  writes were held for {moved.held_s:.2f} s; it took {moved.took_s:.0f} s in all")
    out.print("The old place is kept current: tenfold grow --undo goes back.")
    out.print("Name the new place in tenfold.toml, then: tenfold grow --finish")


def _cancel(settings: Settings) -> None:
    move = _begun(settings)
    if move.phase in MOVED:
        raise OperatorError("The move is done.", hint="tenfold grow --undo goes back")
    forget(settings.dir, move)
    out.print(f"The data stays where it is: {escape(shown(move.source))}.")


def _finish(settings: Settings) -> None:
    move = _begun(settings)
    if move.phase not in MOVED:
        raise OperatorError("The move is not done yet.", hint="tenfold grow --cancel gives it up")
    if move.phase == "switched":
        advance(settings.dir, move, "settled")
    out.print(f"The old place is left alone: {escape(shown(move.source))}.")


def _begun(settings: Settings) -> Move:
    move = read(settings.dir)
    if move is None:
        raise OperatorError("No move was begun.")
    return move


def _show(settings: Settings) -> None:
    move = read(settings.dir)
    out.print(f"The data is here: {escape(shown(place_of(settings)))}.")
    if move is None:
        return
    if move.phase == "switched":
        out.print(f"Kept current, too: {escape(shown(move.source))} (tenfold grow --undo).")
    elif move.phase not in MOVED:
        out.print(f"A move to {escape(shown(move.target))} was begun ({move.phase}).")
