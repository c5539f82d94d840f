"""Blobs: bytes under a key, on this disk or in an object store."""

from tenfold.blobs.contract import (
    BlobExists,
    BlobMeta,
    BlobMissing,
    BlobRead,
    Blobs,
    BlobsUnavailable,
    check_key,
)

__all__ = [
    "BlobExists",
    "BlobMeta",
    "BlobMissing",
    "BlobRead",
    "Blobs",
    "BlobsUnavailable",
    "check_key",
]
