"""What every place for files must do: keep bytes under a key, durably, and give them back.

A key is a relative path of one to four plain names, such as
`collectionId/recordId/filename`. A blob is written once and never changed: a put under an
existing key replaces it as a whole, and a reader sees the old bytes or the new ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tenfold.errors import TenfoldError, Unavailable

MAX_PARTS = 4
MAX_NAME_BYTES = 255
CHUNK_BYTES = 256 * 1024


class BlobMissing(TenfoldError):
    """There is no blob under this key, or no blob can ever be under it."""


class BlobExists(TenfoldError):
    """The key is taken and the put asked for a new one."""


class BlobsUnavailable(Unavailable):
    """The place for files is away, full or read-only."""


@dataclass(frozen=True, slots=True)
class BlobMeta:
    """What is known of a blob without reading it; `etag` has no quotes."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class BlobRead:
    """An open blob: `chunks` gives its bytes from `start` on, once."""

    meta: BlobMeta
    chunks: AsyncIterator[bytes]


class Blobs(Protocol):
    """A place for files.

    Every method may raise BlobsUnavailable. What a put has acknowledged survives power loss.
    """

    async def put(self, key: str, body: bytes, *, content_type: str = "") -> None:
        """Keep some bytes under a key."""
        ...

    async def put_file(
        self, key: str, path: Path, *, content_type: str = "", must_be_new: bool = False
    ) -> None:
        """Keep a local file's bytes under a key; the file itself may be moved or copied.

        Raises: BlobExists when `must_be_new` and the key is taken (atomic on disk).
        """
        ...

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str = ""
    ) -> None:
        """Keep the bytes that `chunks` gives, in little memory; nothing when it fails."""
        ...

    async def head(self, key: str) -> BlobMeta:
        """Describe a blob. Raises: BlobMissing."""
        ...

    async def get(self, key: str, start: int = 0, end: int | None = None) -> BlobRead:
        """Open a blob, or its bytes from `start` up to `end` (not included).

        Raises: BlobMissing.
        """
        ...

    async def copy(self, source: str, target: str) -> None:
        """Keep the same bytes under a second key. Raises: BlobMissing."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a blob; fine when there is none."""
        ...

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every blob whose key begins with `prefix`, which ends in "/"."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[BlobMeta]:
        """All blobs whose key begins with `prefix` ("" or ending in "/"), in no order."""
        ...

    async def tidy(self) -> None:
        """Remove what puts cut short by a crash have left behind."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where the blob's bytes lie on this host; None when they lie elsewhere.

        Says nothing of whether the blob exists.
        """
        ...

    def hold(self) -> AbstractAsyncContextManager[None]:
        """While held, deletes leave the blobs where they are (the sweep removes them later).

        Ends with the process that holds it. A backup needs it; object stores, which a backup
        does not copy, ignore it.
        """
        ...


def check_key(key: str) -> str:
    """Return the key if it can name a blob. Raises: BlobMissing."""
    parts = key.split("/")
    if len(parts) > MAX_PARTS or not all(_is_plain(part) for part in parts):
        raise BlobMissing(f"no such blob: {key[:200]!r}")
    return key


def check_prefix(prefix: str) -> str:
    """Return the prefix if it is "" or a key with a final "/". Raises: BlobMissing."""
    if prefix:
        if not prefix.endswith("/"):
            raise BlobMissing(f"no such prefix: {prefix[:200]!r}")
        check_key(prefix[:-1])
    return prefix


def _is_plain(name: str) -> bool:
    if not name or (name[0] == "." and name.strip(".") == ""):
        return False
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        return False
    return size_bytes <= MAX_NAME_BYTES and not any(map(_is_forbidden, name))


def _is_forbidden(char: str) -> bool:
    return char in "/\\" or unicodedata.category(char) == "Cc"
