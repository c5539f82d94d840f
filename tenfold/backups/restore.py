"""Prepare what an archive holds as the data of the service's next start."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from tenfold.backups.archive import DATABASE, STORAGE, look_through, unpack
from tenfold.backups.contract import DataFolder, Progress
from tenfold.backups.pending import new_data

DATABASE_PARTS = (f"{DATABASE}-shm", f"{DATABASE}-wal", DATABASE)


async def stage(data: DataFolder, archive: Path, progress: Progress) -> tuple[str, ...]:
    """Unpack an archive, prove it, open its data once; which parts of the data it replaces.

    Raises: OperatorError when the archive is broken or the service could not start with it.
    """
    new = new_data(data.path)
    contents = await asyncio.to_thread(look_through, archive)
    is_foreign = contents.manifest is None
    target = new.with_name("pocketbase") if is_foreign else new
    await asyncio.to_thread(unpack, archive, contents, target, partial(progress, "unpacking"))
    if is_foreign:
        await data.convert(target, new)
    progress("checking", 0, 1)
    await data.check(new)
    progress("checking", 1, 1)
    has_files = (new / STORAGE).is_dir()
    return (*DATABASE_PARTS, STORAGE.rstrip("/")) if has_files else DATABASE_PARTS
