"""Where a record's files and their thumbs lie among the blobs; the same as in PocketBase."""

from __future__ import annotations

from typing import NamedTuple

from tenfold.schema.collection import Collection
from tenfold.schema.fields import FileField
from tenfold.schema.record import Record

THUMBS = "thumbs_"


class FileKey(NamedTuple):
    """A blob's key taken apart; `name` is the original file's also for a thumb."""

    collection_id: str
    record_id: str
    name: str


def file_key(collection: Collection, record_id: str, name: str) -> str:
    """The key of a file."""
    return f"{collection.id}/{record_id}/{name}"


def thumb_key(original_key: str, size: str) -> str:
    """The key of a file's thumb of one size ("100x100")."""
    folder, _, name = original_key.rpartition("/")
    return f"{folder}/{THUMBS}{name}/{size}_{name}"


def thumbs_prefix(original_key: str) -> str:
    """The prefix of all thumbs of a file."""
    folder, _, name = original_key.rpartition("/")
    return f"{folder}/{THUMBS}{name}/"


def split_key(key: str) -> FileKey | None:
    """Whose file or thumb a key is, or None when it is nobody's."""
    parts = key.split("/")
    if len(parts) == 3:
        return FileKey(*parts)
    if len(parts) == 4 and parts[2].startswith(THUMBS):
        return FileKey(parts[0], parts[1], parts[2].removeprefix(THUMBS))
    return None


def file_fields(collection: Collection) -> list[FileField]:
    """The fields of a collection that hold files."""
    return [field for field in collection.fields if isinstance(field, FileField)]


def file_names(record: Record) -> set[str]:
    """All names of files that a record holds."""
    names: set[str] = set()
    for field in file_fields(record.collection):
        names.update(field.listed(record.values[field.name]))
    return names
