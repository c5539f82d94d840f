"""Ids made from names, the same on every host, so that exported schemas fit each other."""

from __future__ import annotations

from zlib import crc32


def collection_id(type_: str, name: str) -> str:
    """The id of a new collection."""
    return f"pbc_{crc32((type_ + name).encode())}"


def field_id(type_: str, name: str) -> str:
    """The id of a new field."""
    return f"{type_}{crc32(name.encode())}"
