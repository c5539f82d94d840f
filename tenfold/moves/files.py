"""Bring the files of records from one place to another while both are written to; compare them.

Workers keep new files at both places meanwhile (blobs/twin.py), first at the source. As a name
is never used again, a file that the source does not have any longer stays gone: that makes it
safe to look at the source after each step, and to remove from the target what it lacks.

Thumbs are left out: they are made on demand.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tenfold.blobs import BlobMeta, BlobMissing, Blobs, carry, check_key
from tenfold.files import in_batches, sniff
from tenfold.moves.missed import MissedKeys
from tenfold.moves.watching import Show

T = TypeVar("T")

AT_ONCE = 8
DOUBTFUL = 20
"""So many files that the source does not know are hardly leftovers: is it the right place?"""

TOLD_AT_MOST = 20

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FilesCompared:
    """What came out: files that are equal, and the first of those that are not."""

    files: int = 0
    size_bytes: int = 0
    digest: str = ""
    """Of all equal files, in no order; the same again while no file comes or goes."""

    differing: list[str] = field(default_factory=list[str])


async def copy_files(source: Blobs, target: Blobs, show: Show) -> int:
    """Copy what the target lacks or has in another size; how many files that were.

    Ends with the removal of what only the target has. Can be repeated after a kill.
    Raises: BlobsUnavailable.
    """
    copied = 0
    collections: set[str] = set()

    async def copy(meta: BlobMeta) -> None:
        nonlocal copied
        collections.add(_collection(meta.key))
        if await _size(target, meta.key) != meta.size_bytes:
            await _bring(source, target, meta.key)
            copied += 1
        show(meta.key, 1)

    await _for_each(_files(source), copy)
    await _remove_strays(source, target, collections)
    return copied


async def copy_missed(folder: Path, source: Blobs, target: Blobs) -> int:
    """Bring what the workers could not keep at the target; how many keys that were.

    A key that fails stays noted, and so do those read with it. Raises: BlobsUnavailable.
    """
    missed = MissedKeys(folder)
    total = 0

    async def copy(key: str) -> None:
        if key.endswith("/"):
            await _bring_prefix(source, target, key)
        elif _is_possible(key):
            await _bring(source, target, key)

    while keys := await asyncio.to_thread(missed.read):
        await _for_each(_each(list(dict.fromkeys(keys))), copy)
        await asyncio.to_thread(missed.clear, keys)
        total += len(keys)
    return total


async def compare_files(source: Blobs, target: Blobs, show: Show) -> FilesCompared:
    """Read every file at both places, and hold their SHA-256 against each other.

    A file that the target lacks is brought first: a worker may have missed it meanwhile.
    Raises: BlobsUnavailable.
    """
    found = FilesCompared()
    total = 0

    async def look(meta: BlobMeta) -> None:
        nonlocal total
        ours, theirs = await _digests(source, target, meta.key)
        if ours is not None and theirs is None:
            await _bring(source, target, meta.key)
            ours, theirs = await _digests(source, target, meta.key)
        if ours is None:
            return
        if ours == theirs:
            found.files += 1
            found.size_bytes += meta.size_bytes
            total += _number(meta.key, ours)
        elif len(found.differing) < TOLD_AT_MOST:
            found.differing.append(meta.key)
        show(meta.key, 1)

    await _for_each(_files(source), look)
    found.digest = f"{total % (1 << 128):032x}"
    return found


async def _bring(source: Blobs, target: Blobs, key: str) -> None:
    """Make a key at the target what it is at the source: there, or gone."""
    try:
        await carry(source, target, key, _type)
    except BlobMissing:
        log.debug("a file went while it was copied: %s", key)
    # Whoever removes a file does so at the source first, so this sees it, or comes before the
    # removal at the target.
    if await _size(source, key) is None:
        await target.delete(key)


async def _bring_prefix(source: Blobs, target: Blobs, prefix: str) -> None:
    """Remove from the target what the source does not have under a prefix (any longer)."""

    async def look(meta: BlobMeta) -> None:
        if await _size(source, meta.key) is None:
            await target.delete(meta.key)

    await _for_each(target.list(prefix), look)


async def _remove_strays(source: Blobs, target: Blobs, collections: set[str]) -> None:
    """Remove files that only the target has, of the collections that have files at the source.

    Deletes that came while nobody wrote to both places leave such. A bucket may hold other
    things, and an operator may name the wrong one: many strangers together stay.
    """
    async for batch in in_batches(_files(target)):
        ours = [meta.key for meta in batch if _collection(meta.key) in collections]
        strays = [key for key in ours if await _size(source, key) is None]
        if len(strays) >= DOUBTFUL and len(strays) * 2 > len(ours):
            log.warning("%d files (%s ...) are at the target only; they stay", len(ours), strays[0])
            continue
        for key in strays:
            await target.delete(key)


async def _files(blobs: Blobs) -> AsyncIterator[BlobMeta]:
    """The files of records: what has a key such as they have."""
    async for meta in blobs.list():
        if meta.key.count("/") == 2 and _is_possible(meta.key):
            yield meta


async def _each(keys: list[str]) -> AsyncIterator[str]:
    for key in keys:
        yield key


async def _for_each(items: AsyncIterator[T], work: Callable[[T], Awaitable[None]]) -> None:
    """Do some work for each item, for some at once; the first failure ends it all."""
    turn = asyncio.Lock()

    async def work_on() -> None:
        while True:
            async with turn:
                try:
                    item = await anext(items)
                except StopAsyncIteration:
                    return
            await work(item)

    tasks = [asyncio.create_task(work_on()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _size(blobs: Blobs, key: str) -> int | None:
    """A blob's size, None when there is none."""
    try:
        return (await blobs.head(key)).size_bytes
    except BlobMissing:
        return None


async def _digests(source: Blobs, target: Blobs, key: str) -> tuple[bytes | None, bytes | None]:
    ours, theirs = await asyncio.gather(_digest(source, key), _digest(target, key))
    return ours, theirs


async def _digest(blobs: Blobs, key: str) -> bytes | None:
    digest = hashlib.sha256()
    try:
        async for chunk in (await blobs.get(key)).chunks:
            digest.update(chunk)
    except BlobMissing:
        return None
    return digest.digest()


def _number(key: str, digest: bytes) -> int:
    """A file's share of the digest of all."""
    return int.from_bytes(hashlib.sha256(key.encode() + b"\0" + digest).digest()[:16])


def _type(head: bytes) -> str:
    return sniff(head).mime


def _collection(key: str) -> str:
    return key.partition("/")[0]


def _is_possible(key: str) -> bool:
    try:
        check_key(key)
    except BlobMissing:
        return False
    return True
