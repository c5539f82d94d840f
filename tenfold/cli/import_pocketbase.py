"""`tenfold import`: bring a PocketBase data folder along."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from tenfold.cli.console import err, out
from tenfold.cli.options import Config, Dir, load_settings, open_store
from tenfold.errors import OperatorError
from tenfold.imports import Import, ImportReport
from tenfold.schema.defaults import default_collections
from tenfold.settings import SQLITE, Settings
from tenfold.store.select import Query

SHOWN_TEXT = 40


def import_pocketbase(
    pb_data: Annotated[Path, Parameter(help="The pb_data folder of PocketBase 0.20 to 0.40.")],
    /,
    *,
    dir: Dir = None,
    dry_run: Annotated[
        bool, Parameter(name="--dry-run", help="Only say what would be done.", negative=())
    ] = False,
    config: Config = None,
) -> None:
    """Bring a PocketBase data folder along.

    Collections, records, users with their passwords and tokens (those of 0.23 and later), files
    and settings.

    The folder is only read; stop PocketBase first. The data folder of Tenfold must not exist
    yet: it appears as a whole once every row and file has been compared, or not at all. After
    an interruption, run the same command again. Where PocketBase ran with --encryptionEnv, put
    the key in TENFOLD_ENCRYPTION_KEY, for the import and from then on.

    For example:

        tenfold import ../pb_data
        tenfold import ../pb_data --dir /srv/tenfold_data --dry-run
    """
    settings = load_settings(dir, config)
    bars = _BarsProgress()
    with bars.bars:
        report = asyncio.run(_run(pb_data, settings, bars, dry_run))
    _tell(report, settings)


async def _run(
    pb_data: Path, settings: Settings, progress: _BarsProgress, dry: bool
) -> ImportReport:
    from tenfold.blobs.disk import DiskBlobs
    from tenfold.databases import database_of

    if settings.store != SQLITE:
        await _check_new(settings)
    job = Import(
        source=pb_data,
        target=settings.dir,
        open_store=lambda folder: database_of(replace(settings, dir=folder)).store,
        open_blobs=lambda folder: DiskBlobs(folder / "storage"),
        progress=progress,
        source_key=settings.encryption_key,
        target_key=settings.encryption_key,
    )
    return await job.run(dry=dry)


async def _check_new(settings: Settings) -> None:
    """Raises: OperatorError when a database that is no file of ours holds anything."""
    with TemporaryDirectory() as folder:
        async with open_store(replace(settings, dir=Path(folder))) as store:
            known = {collection.name for collection in default_collections("")}
            kept = [c for c in store.catalog.collections if c.type != "view"]
            if {c.name for c in kept} - known or any([await store.count(Query(c)) for c in kept]):
                raise OperatorError(
                    "The database is not empty",
                    hint="import into a new database; one that was cut short has to be made anew",
                )


class _BarsProgress:
    """Shows rows and bytes as two bars on stderr."""

    def __init__(self) -> None:
        self.bars = Bars(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[count]}"),
            TextColumn("[dim]{task.fields[doing]}"),
            console=err,
            transient=True,
        )

    def begin(self, rows: int, files_bytes: int) -> None:
        self._rows = self.bars.add_task("records", total=rows, doing="", count="")
        self._files = self.bars.add_task("files", total=files_bytes, doing="", count="")

    def advance(self, *, rows: int = 0, files_bytes: int = 0, doing: str = "") -> None:
        task = self._rows if rows else self._files
        self.bars.update(task, advance=rows or files_bytes, doing=escape(doing[-SHOWN_TEXT:]))
        done = int(self.bars.tasks[task].completed)
        self.bars.update(task, count=f"{done:,}" if rows else decimal(done))


def _tell(report: ImportReport, settings: Settings) -> None:
    table = Table("collection", "type", box=None, header_style="bold")
    for heading in ("in PocketBase",) if report.is_dry else ("in PocketBase", "in Tenfold"):
        table.add_column(heading, justify="right")
    for count in report.collections:
        counts = (
            [f"{count.source:,}"] if report.is_dry else [f"{count.source:,}", f"{count.target:,}"]
        )
        table.add_row(
            escape(count.name),
            count.kind,
            *([""] * len(counts) if count.kind == "view" else counts),
        )
    out.print(table)
    where = "stay where they are" if report.is_dry else "copied and compared"
    out.print(f"{report.files:,} files ({decimal(report.files_bytes)}) {where}.")
    if report.missing_count:
        err.print(
            f"[yellow]{report.missing_count:,} files that records name are missing, such as:[/]"
        )
        for key in report.missing:
            err.print(f"  {escape(key)}")
    for note in report.notes:
        err.print(f"[yellow]note:[/] {escape(note)}")
    folder = escape(str(settings.dir))
    if report.is_dry:
        out.print(f"Nothing was written. Without --dry-run this goes to {folder}.")
    else:
        out.print(f"Imported into {folder}. Start it: tenfold serve --dir {folder}")
