"""Uploaded files on their way into the target, and the proof that they arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from pathlib import Path
from uuid import uuid4

from tenfold.blobs import BlobMissing, Blobs
from tenfold.errors import OperatorError
from tenfold.imports.source import PocketBaseFolder, SourceFile

Advance = Callable[[int, str], None]
"""Told the bytes and the key of each file that was copied."""

CHUNK_BYTES = 1 << 20
FILES_AT_ONCE = 8


async def copy_files(
    source: PocketBaseFolder, blobs: Blobs, scratch: Path, advance: Advance
) -> None:
    """Copy every file durably, and compare what can be read afterwards with what was read."""
    found = source.files()
    while some := list(islice(found, FILES_AT_ONCE)):
        await asyncio.gather(*(_copy(file, blobs, scratch) for file in some))
        for file in some:
            advance(file.size_bytes, file.key)


async def _copy(file: SourceFile, blobs: Blobs, scratch: Path) -> None:
    passing = scratch / uuid4().hex
    read = await asyncio.to_thread(_duplicate, file.path, passing)
    try:
        await blobs.put_file(file.key, passing)
    except BlobMissing:
        raise OperatorError(f"{file.path} has a name that no file may have here") from None
    if await _digest(blobs, file.key) != read:
        raise OperatorError(f"{file.key} reads differently after it was copied: is the disk well?")


def _duplicate(source: Path, target: Path) -> bytes:
    """Copy a file; the digest of what was read."""
    digest = sha256()
    with source.open("rb") as old, target.open("xb") as new:
        while chunk := old.read(CHUNK_BYTES):
            digest.update(chunk)
            new.write(chunk)
    return digest.digest()


async def _digest(blobs: Blobs, key: str) -> bytes:
    digest = sha256()
    async for chunk in (await blobs.get(key)).chunks:
        digest.update(chunk)
    return digest.digest()
