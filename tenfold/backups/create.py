"""Pack everything: the database as of one moment, and every file that it names."""

from __future__ import annotations

import asyncio
import importlib.metadata
from datetime import datetime
from functools import partial
from pathlib import Path

from tenfold.backups.archive import DATABASE, FORMAT, STORAGE, Manifest, Packed, write_archive
from tenfold.backups.contract import DataFolder, Progress
from tenfold.blobs import Blobs
from tenfold.files import THUMBS


async def pack(
    data: DataFolder, files: Blobs, folder: Path, now: datetime, progress: Progress
) -> Path:
    """Make an archive in a folder for passing things, while the service goes on.

    Files in a bucket are not copied: the bucket is theirs to be kept in. Raises: OperatorError.
    """
    snapshot, archive = folder / DATABASE, folder / "archive.zip"
    has_files = files.local_path("any") is not None
    # Held from before the snapshot: no file that it names may go until it is copied.
    async with files.hold():
        await asyncio.to_thread(
            data.take_snapshot, data.path, snapshot, partial(progress, "database")
        )
        packed = [Packed(DATABASE, snapshot, snapshot.stat().st_size)]
        if has_files:
            packed += await _stored(files)
        await asyncio.to_thread(
            write_archive,
            archive,
            Manifest(FORMAT, importlib.metadata.version("tenfold"), now, has_files),
            packed,
            sum(file.size_bytes for file in packed),
            partial(progress, "archive"),
        )
    return archive


async def _stored(files: Blobs) -> list[Packed]:
    """The records' files; thumbs are left out, they are made again."""
    return [
        Packed(STORAGE + meta.key, path, meta.size_bytes)
        async for meta in files.list()
        if f"/{THUMBS}" not in meta.key and (path := files.local_path(meta.key)) is not None
    ]
