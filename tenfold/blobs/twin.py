"""Blobs that are kept in two places while one takes over from the other."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tenfold.blobs.carry import carry
from tenfold.blobs.contract import BlobMeta, BlobMissing, BlobRead, Blobs, BlobsUnavailable

log = logging.getLogger(__name__)

REST_S = 5.0
"""After a failure the second place is left alone for so long: requests would wait for it."""

Missed = Callable[[str], None]
"""Told the key, or the prefix with its final "/", that the second place may not agree on."""


class TwinBlobs:
    """Reads from `first`; writes go there and then to `second`.

    A request fails when `first` does. When `second` fails, or the request is given up in
    between, `missed` is told: what lies under that key is copied later.
    """

    def __init__(
        self,
        first: Blobs,
        second: Blobs,
        missed: Missed,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._second = second
        self._missed = missed
        self._clock = clock
        self._rests_until = 0.0

    async def put(self, key: str, body: bytes, *, content_type: str = "") -> None:
        await self._first.put(key, body, content_type=content_type)
        await self._also(key, lambda: self._second.put(key, body, content_type=content_type))

    async def put_file(
        self, key: str, path: Path, *, content_type: str = "", must_be_new: bool = False
    ) -> None:
        await self._first.put_file(key, path, content_type=content_type, must_be_new=must_be_new)
        # The file at `path` may be gone now, so its bytes come from where they are kept.
        await self._also(key, lambda: self._carry(key, content_type))

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str = ""
    ) -> None:
        await self._first.put_stream(key, chunks, content_type=content_type)
        await self._also(key, lambda: self._carry(key, content_type))

    async def head(self, key: str) -> BlobMeta:
        return await self._first.head(key)

    async def get(self, key: str, start: int = 0, end: int | None = None) -> BlobRead:
        return await self._first.get(key, start, end)

    async def copy(self, source: str, target: str) -> None:
        await self._first.copy(source, target)
        await self._also(target, lambda: self._second.copy(source, target))

    async def delete(self, key: str) -> None:
        await self._first.delete(key)
        await self._also(key, lambda: self._second.delete(key))

    async def delete_prefix(self, prefix: str) -> None:
        await self._first.delete_prefix(prefix)
        await self._also(prefix, lambda: self._second.delete_prefix(prefix))

    def list(self, prefix: str = "") -> AsyncIterator[BlobMeta]:
        return self._first.list(prefix)

    async def tidy(self) -> None:
        await self._first.tidy()

    def local_path(self, key: str) -> Path | None:
        return self._first.local_path(key)

    def hold(self) -> AbstractAsyncContextManager[None]:
        return self._first.hold()

    async def _carry(self, key: str, content_type: str) -> None:
        await carry(self._first, self._second, key, lambda _: content_type)

    async def _also(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        """Have the second place do it, too, if it can."""
        is_done = False
        try:
            if self._clock() >= self._rests_until:
                await work()
                is_done = True
        except BlobMissing:
            # What was to be copied has not been brought there yet, or is gone already.
            log.debug("the other place for files lacks %s", key)
        except BlobsUnavailable as error:
            self._rests_until = self._clock() + REST_S
            log.warning("files are brought to the other place later: %s", error)
        finally:
            if not is_done:
                self._missed(key)
