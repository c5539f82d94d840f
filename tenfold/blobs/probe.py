"""Find out whether a place for blobs works, with the rights that Tenfold needs."""

from __future__ import annotations

from uuid import uuid4

from tenfold.blobs.contract import BlobMissing, Blobs, BlobsUnavailable

CONTENT = b"tenfold was here"


async def probe(blobs: Blobs) -> None:
    """Put, read and delete a small blob. Raises: BlobsUnavailable."""
    key = f"tenfold_probe/{uuid4().hex}"
    await blobs.put(key, CONTENT, content_type="text/plain")
    try:
        read = await blobs.get(key)
        content = b"".join([chunk async for chunk in read.chunks])
    except BlobMissing as error:
        raise BlobsUnavailable("A file just stored is not there.") from error
    finally:
        await blobs.delete(key)
    if content != CONTENT:
        raise BlobsUnavailable("A file just stored came back changed.")
