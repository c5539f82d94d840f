"""Thumbs: made once, a few at a time, and never from a bomb."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
import zlib
from pathlib import Path

import pytest
import pyvips

from tenfold.blobs import BlobMissing
from tenfold.blobs.disk import DiskBlobs
from tenfold.files.images import make_thumb
from tenfold.files.thumb_sizes import Shape, shape
from tenfold.files.thumbs import THREADS, Thumbs
from tests.contracts.blobs import keys

pytestmark = pytest.mark.anyio

KEY = "collection/record/a.png"
THUMB = "collection/record/thumbs_a.png/{}_a.png"


def png(width: int, height: int) -> bytes:
    return pyvips.Image.black(width, height, bands=3).write_to_buffer(".png")


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of some bytes that claims (and holds) very many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("100x100", Shape(150, 100, 25, 0, 100, 100)),
        ("100x100t", Shape(150, 100, 25, 0, 100, 100)),
        ("60x80b", Shape(120, 80, 30, 0, 60, 80)),
        ("60x20", Shape(60, 40, 0, 10, 60, 20)),
        ("60x20t", Shape(60, 40, 0, 0, 60, 20)),
        ("60x20b", Shape(60, 40, 0, 20, 60, 20)),
        ("60x20f", Shape(30, 20, 0, 0, 30, 20)),
        ("999x999f", Shape(120, 80, 0, 0, 120, 80)),
        ("0x40", Shape(60, 40, 0, 0, 60, 40)),
        ("60x0", Shape(60, 40, 0, 0, 60, 40)),
        ("0x0", None),
        ("x1", None),
        ("1x", None),
        ("1x1z", None),
        ("999999x1", None),
        ("\u0661x1", None),
    ],
)
def test_shapes(size: str, expected: Shape | None) -> None:
    assert shape(size, 120, 80) == expected


@pytest.mark.parametrize(
    "body",
    [
        png_bomb(60_000, 60_000),
        png_bomb(2**31 - 1, 2**31 - 1),
        png_bomb(8000, 8001),
        png(20, 20)[:60],
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a" + b"\xff" * 50,
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    ],
)
def test_bombs_and_broken_images_give_nothing(body: bytes) -> None:
    started_at = time.monotonic()
    assert make_thumb(body, "image/png", "100x100") is None
    assert time.monotonic() - started_at < 30


def test_a_thumb_may_not_be_huge() -> None:
    assert make_thumb(png(10, 10), "image/png", "99999x99999") is None
    assert make_thumb(png(1, 1000), "image/png", "9000x0") is None


def test_other_kinds_are_not_opened() -> None:
    assert make_thumb(png(10, 10), "image/tiff", "100x100") is None


def test_work_ends_at_its_time_limit() -> None:
    image = pyvips.Image.gaussnoise(3000, 3000).cast("uchar").write_to_buffer(".png[compression=1]")
    assert make_thumb(image, "image/png", "5000x5000", time_limit_s=0.0) is None


class Counting:
    """Stands for the resizing: counts how often and how many at once."""

    def __init__(self, result: bytes | None = b"small") -> None:
        self.result = result
        self.count = self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, source: Path | bytes, mime: str, size: str) -> bytes | None:
        with self.lock:
            self.count += 1
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return self.result


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "storage")


async def test_made_once_for_many_who_ask(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, b"original")
    make = Counting()
    thumbs = Thumbs(blobs, make)
    original = await blobs.head(KEY)
    found = await asyncio.gather(*(thumbs.find(original, "image/png", "1x1") for _ in range(20)))
    assert make.count == 1
    assert {meta.key for meta in found if meta} == {THUMB.format("1x1")}
    assert await thumbs.find(original, "image/png", "1x1")
    assert make.count == 1
    assert await keys(blobs) == {KEY, THUMB.format("1x1")}


async def test_only_a_few_at_once(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, b"original")
    make = Counting()
    thumbs = Thumbs(blobs, make)
    original = await blobs.head(KEY)
    sizes = [f"{n}x{n}" for n in range(12)]
    await asyncio.gather(*(thumbs.find(original, "image/png", size) for size in sizes))
    assert (make.count, make.most) == (12, THREADS)


async def test_the_impossible_is_tried_once(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, b"original")
    make = Counting(None)
    thumbs = Thumbs(blobs, make)
    original = await blobs.head(KEY)
    for _ in range(3):
        assert await thumbs.find(original, "image/png", "1x1") is None
    assert make.count == 1


async def test_an_original_that_goes_meanwhile(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, png(10, 10))
    original = await blobs.head(KEY)
    await blobs.delete(KEY)
    assert await Thumbs(blobs).find(original, "image/png", "1x1") is None


async def test_a_caller_who_leaves_takes_nothing_from_others(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, b"original")
    thumbs = Thumbs(blobs, Counting())
    original = await blobs.head(KEY)
    first = asyncio.create_task(thumbs.find(original, "image/png", "1x1"))
    second = asyncio.create_task(thumbs.find(original, "image/png", "1x1"))
    await asyncio.sleep(0.01)
    first.cancel()
    assert await second
    with pytest.raises(BlobMissing):
        await blobs.head("nothing")
