"""Blobs that can move to another place while the service runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tenfold.blobs.contract import BlobMeta, BlobRead, Blobs


class CurrentBlobs:
    """The blobs of the place in use now; what is under way there ends there.

    Blobs kept so far do not move along (as in PocketBase): that is the operator's work.
    """

    def __init__(self, first: Blobs) -> None:
        self._now = first

    def use(self, other: Blobs) -> None:
        """Keep and find blobs in another place from now on."""
        self._now = other

    async def put(self, key: str, body: bytes, *, content_type: str = "") -> None:
        await self._now.put(key, body, content_type=content_type)

    async def put_file(
        self, key: str, path: Path, *, content_type: str = "", must_be_new: bool = False
    ) -> None:
        await self._now.put_file(key, path, content_type=content_type, must_be_new=must_be_new)

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str = ""
    ) -> None:
        await self._now.put_stream(key, chunks, content_type=content_type)

    async def head(self, key: str) -> BlobMeta:
        return await self._now.head(key)

    async def get(self, key: str, start: int = 0, end: int | None = None) -> BlobRead:
        return await self._now.get(key, start, end)

    async def copy(self, source: str, target: str) -> None:
        await self._now.copy(source, target)

    async def delete(self, key: str) -> None:
        await self._now.delete(key)

    async def delete_prefix(self, prefix: str) -> None:
        await self._now.delete_prefix(prefix)

    def list(self, prefix: str = "") -> AsyncIterator[BlobMeta]:
        return self._now.list(prefix)

    async def tidy(self) -> None:
        await self._now.tidy()

    def local_path(self, key: str) -> Path | None:
        return self._now.local_path(key)

    def hold(self) -> AbstractAsyncContextManager[None]:
        return self._now.hold()
