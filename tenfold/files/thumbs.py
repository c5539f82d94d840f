"""Thumbs: made on first use, once, and kept beside the original."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tenfold.blobs import BlobMeta, BlobMissing, Blobs
from tenfold.files.keys import thumb_key

THREADS = 2
WAIT_LIMIT_S = 30.0
MAX_SOURCE_BYTES = 128 * 1024 * 1024
REMEMBERED = 10_000

Make = Callable[[Path | bytes, str, str], bytes | None]


def _vips(source: Path | bytes, mime: str, size: str) -> bytes | None:
    # libvips takes memory and time to load: only workers that make thumbs pay for it.
    from tenfold.files.images import make_thumb

    return make_thumb(source, mime, size)


class Thumbs:
    """Finds thumbs and makes those that are missing, a few at a time."""

    def __init__(self, blobs: Blobs, make: Make = _vips) -> None:
        self._blobs = blobs
        self._make = make
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbs")
        self._turns = asyncio.Semaphore(THREADS)
        self._under_way: dict[str, asyncio.Task[BlobMeta | None]] = {}
        self._impossible: OrderedDict[str, None] = OrderedDict()

    async def find(self, original: BlobMeta, mime: str, size: str) -> BlobMeta | None:
        """The thumb of a blob, or None when the original must do.

        Whoever asks for the same thumb at the same time waits for the same work.
        Raises: BlobsUnavailable, BlobMissing when the original is gone.
        """
        key = thumb_key(original.key, size)
        if key in self._impossible or original.size_bytes > MAX_SOURCE_BYTES:
            return None
        try:
            return await self._blobs.head(key)
        except BlobMissing:
            return await self._made(key, original, mime, size)

    async def _made(self, key: str, original: BlobMeta, mime: str, size: str) -> BlobMeta | None:
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._build(key, original, mime, size))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        try:
            # Shielded: one caller that leaves takes nothing from the others.
            return await asyncio.wait_for(asyncio.shield(task), WAIT_LIMIT_S)
        except TimeoutError:
            return None

    async def _build(self, key: str, original: BlobMeta, mime: str, size: str) -> BlobMeta | None:
        async with self._turns:
            source = await self._source(original)
            loop = asyncio.get_running_loop()
            made = await loop.run_in_executor(self._threads, self._make, source, mime, size)
        if made is None:
            self._remember_impossible(key)
            return None
        await self._blobs.put(key, made, content_type=mime)
        return await self._blobs.head(key)

    async def _source(self, original: BlobMeta) -> Path | bytes:
        path = self._blobs.local_path(original.key)
        if path is not None:
            return path
        read = await self._blobs.get(original.key)
        return b"".join([chunk async for chunk in read.chunks])

    def _remember_impossible(self, key: str) -> None:
        self._impossible[key] = None
        if len(self._impossible) > REMEMBERED:
            self._impossible.popitem(last=False)
