"""How often an object store is asked for a file that a client wants."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from tenfold.blobs import BlobMeta, BlobRead
from tenfold.blobs.disk import DiskBlobs
from tenfold.errors import NotFound
from tenfold.files import Files, ServedFile, Thumbs
from tenfold.files.serve import SMALL_BYTES
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tests.unit.files.samples import documents

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n"
KEY = f"{documents().id}/rec/a.txt"


class FarBlobs(DiskBlobs):
    """Blobs that are not on this host, as far as anybody can tell; counts requests."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    async def head(self, key: str) -> BlobMeta:
        self.asked.append("head")
        return await super().head(key)

    async def get(self, key: str, start: int = 0, end: int | None = None) -> BlobRead:
        self.asked.append("get")
        return await super().get(key, start, end)

    def local_path(self, key: str) -> Path | None:
        return None


class OneRecord:
    """What is asked of a store for a file."""

    def __init__(self) -> None:
        self.catalog = Catalog((documents(),))

    async def find(self, collection: Collection, record_id: str) -> Record:
        none = {"many": "", "png": "", "secret": ""}
        return Record(collection, {"id": record_id, "title": "", "one": "a.txt", **none})


@pytest.fixture
def blobs(tmp_path: Path) -> FarBlobs:
    return FarBlobs(tmp_path / "storage")


@pytest.fixture
def files(blobs: FarBlobs) -> Files:
    return Files(cast(Reads, OneRecord()), blobs, Thumbs(blobs))


async def nobody() -> RequestFacts:
    return RequestFacts()


async def served(files: Files, name: str = "a.txt", *, is_whole: bool = True) -> ServedFile:
    return await files.get(documents().id, "rec", name, "", nobody, is_whole=is_whole)


async def test_a_whole_file_costs_one_request(files: Files, blobs: FarBlobs) -> None:
    body = PNG + bytes(1_000_000)
    await blobs.put(KEY, body)
    for _ in range(2):
        blobs.asked.clear()
        found = await served(files)
        assert (found.content_type, found.is_inline, found.body) == ("image/png", True, None)
        assert found.meta.size_bytes == len(body)
        assert found.opened is not None
        assert b"".join([chunk async for chunk in found.opened]) == body
        assert blobs.asked == ["get"]


async def test_a_small_file_is_asked_for_once(files: Files, blobs: FarBlobs) -> None:
    await blobs.put(KEY, b"x" * SMALL_BYTES)
    for is_whole in (True, True, False):
        assert (await served(files, is_whole=is_whole)).body == b"x" * SMALL_BYTES
    assert blobs.asked == ["get"]


async def test_for_a_part_the_file_is_not_opened(files: Files, blobs: FarBlobs) -> None:
    await blobs.put(KEY, bytes(1_000_000))
    for _ in range(2):
        blobs.asked.clear()
        found = await served(files, is_whole=False)
        assert (found.opened, found.meta.size_bytes) == (None, 1_000_000)
    assert blobs.asked == ["head"]


async def test_a_file_that_is_not_there(files: Files) -> None:
    for name in ("a.txt", "b.txt"):
        with pytest.raises(NotFound):
            await served(files, name)
