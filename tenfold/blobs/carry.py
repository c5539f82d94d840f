"""Bring a blob from one place to another, in little memory however big it is."""

from __future__ import annotations

from collections.abc import Callable

from tenfold.blobs.contract import Blobs
from tenfold.blobs.peek import peek

WHOLE_BYTES = 1024 * 1024
"""Smaller blobs go in one piece: that is one request to an object store, not three."""


async def carry(source: Blobs, target: Blobs, key: str, type_of: Callable[[bytes], str]) -> int:
    """Copy a blob under its own key; its size in bytes.

    `type_of` tells the content's type by its first bytes.
    Raises: BlobMissing when the source does not have it.
    """
    blob = await peek(await source.get(key))
    try:
        content_type = type_of(blob.head)
        if blob.meta.size_bytes <= WHOLE_BYTES:
            body = b"".join([chunk async for chunk in blob])
            await target.put(key, body, content_type=content_type)
        else:
            await target.put_stream(key, blob, content_type=content_type)
    finally:
        await blob.aclose()
    return blob.meta.size_bytes
