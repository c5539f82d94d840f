"""Writing files so that they are whole, and still there after a power loss."""

from __future__ import annotations

import os
from pathlib import Path


def replace_private(path: Path, content: bytes) -> None:
    """Put a file in place as a whole, readable by its owner only; its content is on the disk.

    That it has its name survives a power loss once its folder is synced, too.
    """
    incoming = path.with_name(f".{path.name}.new")
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    incoming.replace(path)


def sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """`os.write` that does not stop halfway."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
