"""`tenfold keys`: what the database encrypts with at rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cyclopts import App
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tenfold.cli.console import err, out
from tenfold.cli.fleet import DEFAULT, FleetDir, fleet_folder
from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.observe import Wanted, problem, running, wanted
from tenfold.cluster.supervisor import supervising
from tenfold.engines.mariadb import KEYS, is_half_moved, move_tables
from tenfold.engines.mariadb_keys import add_key, newest_key
from tenfold.errors import OperatorError

RESTART_LIMIT_S = 120.0
LOOK_S = 0.2

Done = Callable[[int, int], None]

program = App(
    name="keys",
    help="""The keys that the database of a fleet encrypts with at rest.

    tenfold keys rotate --dir /srv/fleet
""",
)


@program.command
def rotate(*, dir: FleetDir = DEFAULT) -> None:
    """Encrypt all tables of a running fleet with a new key.

    The database is restarted once to learn the key; then table after table is rewritten, and
    can be read but not written meanwhile. After an interruption run it again: it goes on.
    """
    folder = fleet_folder(dir)
    database = _database(folder)
    if supervising(folder) is None:
        raise OperatorError("the fleet is not up", hint=f"tenfold up split --dir {folder.path}")
    with Progress(
        TextColumn("tables"), BarColumn(), MofNCompleteColumn(), console=err, transient=True
    ) as bars:
        task = bars.add_task("", total=None)
        key, moved = asyncio.run(
            _rotate(
                folder, database, lambda done, total: bars.update(task, completed=done, total=total)
            )
        )
    out.print(f"{moved} tables were rewritten; all are encrypted with key {key} now.")


async def _rotate(folder: FleetFolder, database: Wanted, done: Done) -> tuple[int, int]:
    path = folder.secrets / KEYS
    key = newest_key(path.read_text())
    if not await is_half_moved(database.node, key):
        key = await asyncio.to_thread(add_key, path)
    await _restarted(folder)
    return key, await move_tables(database.node, key, done)


async def _restarted(folder: FleetFolder) -> None:
    """Wait until the database runs with the files of now."""
    ends_at = time.monotonic() + RESTART_LIMIT_S
    while time.monotonic() < ends_at:
        database = _database(folder)
        found = running(folder, database.part.name)
        is_current = found is not None and found.digest == database.digest
        if is_current and not await problem(database.engine, database.node):
            return
        await asyncio.sleep(LOOK_S)
    raise OperatorError("the database did not come back with the new key")


def _database(folder: FleetFolder) -> Wanted:
    parts = wanted(folder, folder.topology())
    return next(one for one in parts if one.part.role == "database")
