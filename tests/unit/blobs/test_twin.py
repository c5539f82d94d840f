"""Blobs in two places: the contract in both orders, and what happens when the second fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tenfold.blobs import BlobExists, BlobMissing, Blobs, BlobsUnavailable
from tenfold.blobs.disk import DiskBlobs
from tenfold.blobs.s3 import S3Blobs
from tenfold.blobs.twin import REST_S, TwinBlobs
from tests.contracts.blobs import BlobsContract, content, keys
from tests.seaweed import free_ports, seaweed
from tests.unit.blobs.test_s3 import empty_bucket, location

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with seaweed(tmp_path_factory.mktemp("weed")) as started:
        yield started


async def everything(blobs: Blobs) -> dict[str, bytes]:
    return {key: await content(await blobs.get(key)) for key in await keys(blobs)}


class TwinContract(BlobsContract):
    """The contract, and that the two places are equal after each test."""

    @pytest.fixture
    async def blobs(self, places: tuple[Blobs, Blobs]) -> AsyncIterator[Blobs]:
        missed: list[str] = []
        yield TwinBlobs(*places, missed.append)
        first, second = [await everything(place) for place in places]
        assert second == first
        assert set(missed) <= {"c/x"}  # a copy of what there was not


class TestDiskThenDisk(TwinContract):
    @pytest.fixture
    def places(self, tmp_path: Path) -> tuple[Blobs, Blobs]:
        return DiskBlobs(tmp_path / "a"), DiskBlobs(tmp_path / "b")


class TestDiskThenBucket(TwinContract):
    @pytest.fixture
    async def places(self, tmp_path: Path, endpoint: str) -> tuple[Blobs, Blobs]:
        return DiskBlobs(tmp_path / "a"), await empty_bucket(endpoint)


class TestBucketThenDisk(TwinContract):
    @pytest.fixture
    async def places(self, tmp_path: Path, endpoint: str) -> tuple[Blobs, Blobs]:
        return await empty_bucket(endpoint), DiskBlobs(tmp_path / "a")


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def disk(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "disk")


def absent() -> S3Blobs:
    return S3Blobs(location(f"http://127.0.0.1:{free_ports(1)[0]}"))


async def test_what_an_absent_second_place_misses_is_told(disk: DiskBlobs, tmp_path: Path) -> None:
    missed: list[str] = []
    clock = Clock()
    twin = TwinBlobs(disk, absent(), missed.append, clock)
    upload = tmp_path / "upload"
    upload.write_bytes(os.urandom(3_000_000))
    open_before = len(os.listdir("/proc/self/fd"))
    await twin.put_file("c/r/file", upload)
    assert len(os.listdir("/proc/self/fd")) <= open_before + 2  # the driver's own
    await twin.put("c/r/a", b"x")
    await twin.copy("c/r/a", "c/r/b")
    await twin.delete("c/r/a")
    await twin.delete_prefix("c/s/")
    assert missed == ["c/r/file", "c/r/a", "c/r/b", "c/r/a", "c/s/"]
    assert await keys(twin) == {"c/r/file", "c/r/b"}


async def test_a_second_place_that_failed_is_left_alone_for_a_while(
    disk: DiskBlobs, tmp_path: Path
) -> None:
    missed: list[str] = []
    clock = Clock()
    second = tmp_path / "second"
    second.write_bytes(b"not a folder")
    twin = TwinBlobs(disk, DiskBlobs(second), missed.append, clock)
    await twin.put("c/r/a", b"x")
    second.unlink()
    await twin.put("c/r/b", b"x")
    clock.now = REST_S
    await twin.put("c/r/c", b"x")
    assert missed == ["c/r/a", "c/r/b"]
    assert await keys(DiskBlobs(second)) == {"c/r/c"}


async def test_when_the_first_fails_the_second_is_not_asked(tmp_path: Path) -> None:
    missed: list[str] = []
    first = tmp_path / "first"
    first.write_bytes(b"not a folder")
    second = DiskBlobs(tmp_path / "second")
    with pytest.raises((BlobsUnavailable, BlobMissing)):
        await TwinBlobs(DiskBlobs(first), second, missed.append).put("c/r/a", b"x")
    assert (missed, await keys(second)) == ([], set())


async def test_a_taken_key_is_the_first_places_word(disk: DiskBlobs, tmp_path: Path) -> None:
    missed: list[str] = []
    second = DiskBlobs(tmp_path / "second")
    twin = TwinBlobs(disk, second, missed.append)
    (tmp_path / "upload").write_bytes(b"new")
    await second.put("c/r/a", b"a leftover")
    await twin.put_file("c/r/a", tmp_path / "upload", must_be_new=True)
    assert await content(await second.get("c/r/a")) == b"new"
    (tmp_path / "upload").write_bytes(b"newer")
    with pytest.raises(BlobExists):
        await twin.put_file("c/r/a", tmp_path / "upload", must_be_new=True)
    assert (missed, await content(await second.get("c/r/a"))) == ([], b"new")


async def test_a_request_given_up_in_between_is_told(disk: DiskBlobs) -> None:
    missed: list[str] = []
    twin = TwinBlobs(disk, absent(), missed.append)
    task = asyncio.create_task(twin.put("c/r/a", b"x"))
    while await keys(disk) != {"c/r/a"}:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert missed == ["c/r/a"]
