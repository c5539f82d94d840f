"""`tenfold backup`: make, list and put back backups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import App, Parameter
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from tenfold.administration import SettingsRoom, StoredSettings
from tenfold.backups import Backups, FolderUse, apply_pending_restore, is_restore_pending
from tenfold.cli.console import FAILED, err, out
from tenfold.cli.options import Config, Dir, load_settings, open_store
from tenfold.errors import OperatorError
from tenfold.settings import Settings

T = TypeVar("T")

RESTART_LIMIT_S = 60.0
LOOK_S = 0.2

program = App(
    name="backup",
    help="""Make, list and put back backups of all data.

It works on the data folder itself, whether or not the service is running. A backup is one ZIP
file: the database as of one moment, and the files of the records. It lies in backups/ of the
data folder, or in the bucket that the settings name.

    tenfold backup create
    tenfold backup list
    tenfold backup restore before_update.zip
""",
)

Name = Annotated[str, Parameter(help="Its name: a-z, 0-9, _ and -, ending in .zip.")]


@program.command
def create(name: Name = "", /, *, dir: Dir = None, config: Config = None) -> None:
    """Make a backup; without a name it gets one that tells the time.

    For example: tenfold backup create before_update.zip
    """
    settings = load_settings(dir, config)
    bars = _Shown()
    with bars.bars:
        made = asyncio.run(_with_backups(settings, lambda b: b.create(name, bars.progress)))
    out.print(f"Made {escape(made.name)} ({decimal(made.size_bytes)}).")


@program.command(name="list")
def list_all(*, dir: Dir = None, config: Config = None) -> None:
    """List the backups."""
    settings = load_settings(dir, config)
    found = asyncio.run(_with_backups(settings, lambda backups: backups.list()))
    if not found:
        out.print("There are no backups.")
        return
    table = Table("name", "made", box=None, header_style="bold")
    table.add_column("size", justify="right")
    for backup in found:
        made_at = f"{backup.modified_at:%Y-%m-%d %H:%M:%S} UTC"
        table.add_row(escape(backup.name), made_at, decimal(backup.size_bytes))
    out.print(table)


@program.command
def restore(
    backup: Annotated[str, Parameter(help="A backup's name, or the path of a ZIP file.")],
    /,
    *,
    dir: Dir = None,
    config: Config = None,
) -> int:
    """Replace all data with those of a backup.

    The archive is checked first; when anything is wrong with it, nothing changes. A service
    that is running starts again by itself. Also a backup that PocketBase made can be restored.

    For example:

        tenfold backup restore before_update.zip
        tenfold backup restore ~/fetched.zip --dir /srv/tenfold_data
    """
    settings = load_settings(dir, config)
    bars = _Shown()
    with bars.bars:
        asyncio.run(_prepare(settings, backup, bars))
    use = FolderUse(settings.dir)
    if use.try_alone():
        apply_pending_restore(settings.dir)
        out.print(f"The data in {escape(str(settings.dir))} is that of {escape(backup)} now.")
        return 0
    err.print("The service starts again to take the data over...")
    return _wait_for_restart(settings, backup)


async def _prepare(settings: Settings, backup: str, bars: _Shown) -> None:
    path = Path(backup).expanduser()
    if path.is_file():
        # The data may be lost or broken: nothing of it is needed here.
        settings.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        backups = _backups(settings, StoredSettings())
        await backups.restore_file(path.absolute(), path.name, bars.progress)
    else:
        await _with_backups(settings, lambda b: b.restore(backup, bars.progress))


def _wait_for_restart(settings: Settings, backup: str) -> int:
    ends_at = time.monotonic() + RESTART_LIMIT_S
    while is_restore_pending(settings.dir):
        if time.monotonic() > ends_at:
            err.print("It has not done so yet: restart it, and the restore is carried out.")
            return FAILED
        time.sleep(LOOK_S)
    out.print(f"The service runs with the data of {escape(backup)} now.")
    return 0


async def _with_backups(settings: Settings, work: Callable[[Backups], Awaitable[T]]) -> T:
    async with _opened(settings) as stored:
        return await work(_backups(settings, stored))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[StoredSettings]:
    """The stored settings of data that must be there already."""
    if not (settings.dir / "data.db").exists():
        raise OperatorError(
            f"There is no data in {settings.dir}.", hint="name the data folder with --dir DIR"
        )
    async with open_store(settings) as store:
        room = SettingsRoom(store, settings.encryption_key)
        await room.open()
        yield room.current()


def _backups(settings: Settings, stored: StoredSettings) -> Backups:
    from tenfold.adapters import backups_folder, backups_of, blobs_in, files_in

    return backups_of(
        settings,
        files_in(stored.s3, settings),
        blobs_in(stored.backups.s3, backups_folder(settings)),
        lambda: stored.meta.app_name,
    )


class _Shown:
    """Shows each step of the work as a bar on stderr."""

    def __init__(self) -> None:
        self.bars = Bars(
            TextColumn("{task.description:<9}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def progress(self, doing: str, done: int, total: int) -> None:
        """Called from the thread that works."""
        if doing not in self._tasks:
            self._tasks[doing] = self.bars.add_task(doing, total=total)
        self.bars.update(self._tasks[doing], completed=done, total=total)
