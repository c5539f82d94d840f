"""Blobs: bytes under a key, on this disk or in an object store."""

from tenfold.blobs.carry import carry
from tenfold.blobs.contract import (
    BlobExists,
    BlobMeta,
    BlobMissing,
    BlobRead,
    Blobs,
    BlobsUnavailable,
    check_key,
)
from tenfold.blobs.peek import PeekedBlob, peek

__all__ = [
    "BlobExists",
    "BlobMeta",
    "BlobMissing",
    "BlobRead",
    "Blobs",
    "BlobsUnavailable",
    "PeekedBlob",
    "carry",
    "check_key",
    "peek",
]
