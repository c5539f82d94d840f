"""Things that the tests of files share: uploads, collections, small images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tenfold.schema.collection import Collection
from tenfold.schema.fields import FileField, TextField


@dataclass(frozen=True, slots=True)
class SpooledUpload:
    """What the API makes of a file in a multipart body."""

    filename: str
    path: str
    size_bytes: int


def upload(folder: Path, filename: str, content: bytes) -> SpooledUpload:
    """An upload whose content lies in `folder`."""
    path = folder / uuid4().hex
    path.write_bytes(content)
    return SpooledUpload(filename, str(path), len(content))


def documents() -> Collection:
    """A collection with several kinds of file fields."""
    return Collection(
        id="pbc_documents00",
        name="documents",
        fields=(
            TextField(id="text_id", name="id"),
            TextField(id="text_title", name="title"),
            FileField(id="file_one", name="one", max_select=1, thumbs=("100x50", "30x30f")),
            FileField(id="file_many", name="many", max_select=3, max_size=5000),
            FileField(id="file_png", name="png", max_select=2, mime_types=("image/png",)),
            FileField(id="file_secret", name="secret", max_select=1, protected=True),
        ),
        view_rule="",
    )
