"""The suite that every place for blobs must pass; `make_blobs` gives an empty one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tenfold.blobs import BlobExists, BlobMissing, BlobRead, Blobs, BlobsUnavailable
from tenfold.blobs.probe import probe

HOSTILE_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "a//b",
    "a/",
    "../x",
    "a/../../x",
    "a/..",
    "a/.",
    "./a",
    "...",
    "a/b/c/d/e",
    "a\\b",
    "a\x00b",
    "a\nb",
    "a/" + "x" * 256,
    "a/\ud800",
]


async def content(read: BlobRead) -> bytes:
    return b"".join([chunk async for chunk in read.chunks])


async def keys(blobs: Blobs, prefix: str = "") -> set[str]:
    return {meta.key async for meta in blobs.list(prefix)}


async def _chunks(sizes: list[int]) -> AsyncIterator[bytes]:
    """A stream of chunks; one of a negative size breaks it off."""
    for size in sizes:
        if size < 0:
            raise BlobsUnavailable("the source went away")
        yield b"x" * size


@pytest.mark.anyio
class BlobsContract:
    """Inherit it and give a fixture `blobs`."""

    async def test_a_put_is_read_back(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"hello", content_type="text/plain")
        read = await blobs.get("c/r/a.txt")
        assert read.meta.key == "c/r/a.txt"
        assert read.meta.size_bytes == 5
        assert await content(read) == b"hello"

    async def test_a_put_replaces_the_whole_blob(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"a long first content")
        await blobs.put("c/r/a.txt", b"short")
        assert await content(await blobs.get("c/r/a.txt")) == b"short"

    async def test_an_empty_blob_is_a_blob(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"")
        read = await blobs.get("c/r/a.txt")
        assert read.meta.size_bytes == 0
        assert await content(read) == b""

    async def test_put_file_keeps_a_local_file(self, blobs: Blobs, tmp_path: Path) -> None:
        body = os.urandom(300_000)
        path = tmp_path / "upload"
        path.write_bytes(body)
        await blobs.put_file("c/r/a.bin", path)
        assert await content(await blobs.get("c/r/a.bin")) == body

    async def test_put_file_can_refuse_a_taken_key(self, blobs: Blobs, tmp_path: Path) -> None:
        path = tmp_path / "upload"
        path.write_bytes(b"new")
        await blobs.put("c/a.zip", b"old")
        with pytest.raises(BlobExists):
            await blobs.put_file("c/a.zip", path, must_be_new=True)
        assert await content(await blobs.get("c/a.zip")) == b"old"

    @pytest.mark.parametrize("sizes", [[], [0], [5], [1, 70_000, 3], [3_000_000] * 7])
    async def test_put_stream_keeps_all_chunks(self, blobs: Blobs, sizes: list[int]) -> None:
        await blobs.put_stream("c/r/a.bin", _chunks(sizes), content_type="text/plain")
        assert await content(await blobs.get("c/r/a.bin")) == b"x" * sum(sizes)

    async def test_a_stream_that_breaks_off_leaves_nothing(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.bin", b"old")
        for key in ("c/r/a.bin", "c/r/b.bin"):
            with pytest.raises((BlobsUnavailable, BlobMissing)):
                await blobs.put_stream(key, _chunks([9_000_000, -1]))
        assert await content(await blobs.get("c/r/a.bin")) == b"old"
        assert await keys(blobs) == {"c/r/a.bin"}

    async def test_head_describes_without_reading(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"hello")
        meta = await blobs.head("c/r/a.txt")
        assert (meta.key, meta.size_bytes) == ("c/r/a.txt", 5)
        assert meta.etag
        assert abs(datetime.now(UTC) - meta.modified_at) < timedelta(minutes=5)

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            (0, 4, b"0123"),
            (3, 7, b"3456"),
            (7, None, b"789"),
            (7, 99, b"789"),
            (0, 1, b"0"),
            (10, None, b""),
            (99, 100, b""),
            (5, 5, b""),
        ],
    )
    async def test_get_gives_a_range(
        self, blobs: Blobs, start: int, end: int | None, expected: bytes
    ) -> None:
        await blobs.put("c/r/a.txt", b"0123456789")
        read = await blobs.get("c/r/a.txt", start, end)
        assert read.meta.size_bytes == 10
        assert await content(read) == expected

    async def test_a_missing_blob_raises(self, blobs: Blobs) -> None:
        for reading in (blobs.get("c/r/no"), blobs.head("c/r/no"), blobs.copy("c/r/no", "c/x")):
            with pytest.raises(BlobMissing):
                await reading

    async def test_a_folder_is_no_blob(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"x")
        for key in ("c", "c/r", "c/r/a.txt/b"):
            with pytest.raises(BlobMissing):
                await blobs.get(key)

    async def test_copy_makes_a_second_blob(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"x")
        await blobs.copy("c/r/a.txt", "c/s/b.txt")
        await blobs.delete("c/r/a.txt")
        assert await content(await blobs.get("c/s/b.txt")) == b"x"

    async def test_delete_is_idempotent(self, blobs: Blobs) -> None:
        await blobs.put("c/r/a.txt", b"x")
        await blobs.delete("c/r/a.txt")
        await blobs.delete("c/r/a.txt")
        assert await keys(blobs) == set()

    async def test_delete_prefix_takes_whole_names_only(self, blobs: Blobs) -> None:
        for key in ("c/r/a", "c/r/t/b", "c/r2/a", "c2/r/a"):
            await blobs.put(key, b"x")
        await blobs.delete_prefix("c/r/")
        assert await keys(blobs) == {"c/r2/a", "c2/r/a"}
        await blobs.delete_prefix("c/r/")

    async def test_list_gives_what_a_prefix_holds(self, blobs: Blobs) -> None:
        for key in ("c/r/a", "c/r2/b", "d/r/a"):
            await blobs.put(key, b"xy")
        assert await keys(blobs) == {"c/r/a", "c/r2/b", "d/r/a"}
        assert await keys(blobs, "c/") == {"c/r/a", "c/r2/b"}
        assert await keys(blobs, "c/r/") == {"c/r/a"}
        assert await keys(blobs, "nothing/") == set()
        assert [meta.size_bytes async for meta in blobs.list("d/")] == [2]

    async def test_a_long_list_is_whole(self, blobs: Blobs) -> None:
        made = {f"c/r{n % 7}/f{n}" for n in range(40)}
        await asyncio.gather(*(blobs.put(key, b"x") for key in made))
        assert await keys(blobs, "c/") == made

    @pytest.mark.parametrize("name", ["x#y*z+=-.t", "é x.txt", "a%2fb%20.txt", ".hidden", "[x]~`"])
    async def test_strange_names_are_kept_as_they_are(self, blobs: Blobs, name: str) -> None:
        await blobs.put(f"c/r/{name}", b"x")
        assert await content(await blobs.get(f"c/r/{name}")) == b"x"
        assert await keys(blobs, "c/r/") == {f"c/r/{name}"}

    @pytest.mark.parametrize("key", HOSTILE_KEYS)
    async def test_hostile_keys_name_no_blob(self, blobs: Blobs, tmp_path: Path, key: str) -> None:
        upload = tmp_path / "upload"
        upload.write_bytes(b"x")
        await blobs.put("c/r/a.txt", b"x")
        attempts = [
            blobs.put(key, b"x"),
            blobs.put_file(key, upload),
            blobs.put_stream(key, _chunks([1])),
            blobs.get(key),
            blobs.head(key),
            blobs.delete(key),
            blobs.copy("c/r/a.txt", key),
        ]
        for attempt in attempts:
            with pytest.raises(BlobMissing):
                await attempt
        with pytest.raises(BlobMissing):
            blobs.local_path(key)

    @pytest.mark.parametrize("prefix", ["/", "../", "a/../", "a", "a//"])
    async def test_hostile_prefixes_are_refused(self, blobs: Blobs, prefix: str) -> None:
        with pytest.raises(BlobMissing):
            await blobs.delete_prefix(prefix)
        with pytest.raises(BlobMissing):
            await keys(blobs, prefix)

    async def test_a_big_blob_streams_in_pieces(self, blobs: Blobs, tmp_path: Path) -> None:
        path = tmp_path / "upload"
        path.write_bytes(os.urandom(1024) * 3000)
        expected = path.read_bytes()
        await blobs.put_file("c/r/big.bin", path)
        pieces = [chunk async for chunk in (await blobs.get("c/r/big.bin")).chunks]
        assert b"".join(pieces) == expected
        assert len(pieces) > 1

    async def test_probe_passes_and_leaves_nothing(self, blobs: Blobs) -> None:
        await probe(blobs)
        await blobs.tidy()
        assert await keys(blobs) == set()
