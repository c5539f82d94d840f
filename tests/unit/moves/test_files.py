"""Files from one place to another, in both directions, while they come and go."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tenfold.blobs import BlobMeta, BlobMissing, Blobs, BlobsUnavailable
from tenfold.blobs.disk import DiskBlobs
from tenfold.blobs.s3 import S3Blobs
from tenfold.blobs.twin import TwinBlobs
from tenfold.moves import MissedKeys, compare_files, copy_files, copy_missed
from tests.contracts.blobs import content, keys
from tests.seaweed import free_ports, seaweed
from tests.unit.blobs.test_s3 import empty_bucket, location

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with seaweed(tmp_path_factory.mktemp("weed")) as started:
        yield started


@pytest.fixture(params=["disk to bucket", "bucket to disk"])
async def places(
    request: pytest.FixtureRequest, tmp_path: Path, endpoint: str
) -> tuple[Blobs, Blobs]:
    disk, bucket = DiskBlobs(tmp_path / "storage"), await empty_bucket(endpoint)
    return (disk, bucket) if request.param == "disk to bucket" else (bucket, disk)


@pytest.fixture
def disks(tmp_path: Path) -> tuple[DiskBlobs, DiskBlobs]:
    return DiskBlobs(tmp_path / "a"), DiskBlobs(tmp_path / "b")


class Shown:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, key: str, count: int) -> None:
        self.keys += [key] * count


def quiet(key: str, count: int) -> None: ...


async def fill(blobs: Blobs) -> dict[str, bytes]:
    files = {f"c{n % 3}/r{n}/f{n}_x.txt": os.urandom(n * 100) for n in range(30)}
    files["c0/r/thumbs_x_abc.png"] = PNG
    files["c0/r/é x #%2f.bin"] = os.urandom(7_000_000)
    for key, body in files.items():
        await blobs.put(key, body)
    await blobs.put("c0/r/thumbs_a.png/10x10_a.png", b"a thumb")
    await blobs.put("stray.zip", b"not a record's")
    return files


async def everything(blobs: Blobs) -> dict[str, bytes]:
    return {key: await content(await blobs.get(key)) for key in await keys(blobs)}


async def test_all_files_are_copied_and_found_equal(places: tuple[Blobs, Blobs]) -> None:
    source, target = places
    files = await fill(source)
    shown = Shown()
    assert await copy_files(source, target, shown) == len(files)
    assert sorted(shown.keys) == sorted(files)
    assert await everything(target) == files
    found = await compare_files(source, target, quiet)
    assert (found.files, found.size_bytes) == (len(files), sum(map(len, files.values())))
    assert found.differing == []
    assert found.digest == (await compare_files(target, source, quiet)).digest != "0" * 32


async def test_a_second_time_only_what_is_lacking_is_copied(places: tuple[Blobs, Blobs]) -> None:
    source, target = places
    files = await fill(source)
    await copy_files(source, target, quiet)
    lacking, cut = list(files)[:2]
    await target.delete(lacking)
    await target.put(cut, b"cut")
    await target.put("c1/r1/old.txt", b"deleted at the source meanwhile")
    await target.put("other/r/old.txt", b"somebody else's")
    assert await copy_files(source, target, quiet) == 2
    assert await everything(target) == files | {"other/r/old.txt": b"somebody else's"}


async def test_one_changed_byte_is_found(places: tuple[Blobs, Blobs]) -> None:
    source, target = places
    files = await fill(source)
    await copy_files(source, target, quiet)
    key = "c1/r10/f10_x.txt"
    await target.put(key, b"!" + files[key][1:])
    found = await compare_files(source, target, quiet)
    assert (found.differing, found.files) == ([key], len(files) - 1)


async def test_a_file_that_came_late_is_brought_before_it_is_compared(
    places: tuple[Blobs, Blobs],
) -> None:
    source, target = places
    await source.put("c/r/a", b"x")
    await copy_files(source, target, quiet)
    await source.put("c/r/late", b"late")
    found = await compare_files(source, target, quiet)
    assert (found.files, found.differing) == (2, [])
    assert await everything(target) == {"c/r/a": b"x", "c/r/late": b"late"}


async def test_a_type_goes_with_the_bytes(tmp_path: Path, endpoint: str) -> None:
    disk, bucket = DiskBlobs(tmp_path / "storage"), await empty_bucket(endpoint)
    await disk.put("c/r/a.bin", PNG)
    await disk.put("c/r/b.bin", PNG + bytes(2_000_000))
    await copy_files(disk, bucket, quiet)
    assert isinstance(bucket, S3Blobs)
    for key in ("c/r/a.bin", "c/r/b.bin"):
        answer = await bucket._store.get_async(key)  # pyright: ignore[reportPrivateUsage]
        assert answer.attributes["Content-Type"] == "image/png"


async def test_missed_keys_are_brought(places: tuple[Blobs, Blobs], tmp_path: Path) -> None:
    source, target = places
    await source.put("c/r/a", b"new")
    await source.put("c/r/thumbs_a/1x1_a", b"thumb")
    for key in ("c/r/a", "c/r/gone", "c/s/gone", "c/s/t/gone"):
        await target.put(key, b"old")
    missed = MissedKeys(tmp_path)
    for key in ("c/r/a", "c/r/gone", "c/s/", "c/r/a", "c/r/never", "not a//key", ""):
        missed.add(key)
    missed.add("c/r/thumbs_a/1x1_a")
    assert await copy_missed(tmp_path, source, target) == 8
    assert await everything(target) == {"c/r/a": b"new", "c/r/thumbs_a/1x1_a": b"thumb"}
    assert await copy_missed(tmp_path, source, target) == 0


async def test_missed_keys_stay_while_the_target_is_away(tmp_path: Path) -> None:
    disk = DiskBlobs(tmp_path / "storage")
    away = tmp_path / "away"
    away.write_bytes(b"not a folder")
    MissedKeys(tmp_path).add("c/r/a")
    await disk.put("c/r/a", b"x")
    with pytest.raises(BlobsUnavailable):
        await copy_missed(tmp_path, disk, DiskBlobs(away))
    assert MissedKeys(tmp_path).read() == ["c/r/a"]
    away.unlink()
    assert await copy_missed(tmp_path, disk, DiskBlobs(away)) == 1
    assert await keys(DiskBlobs(away)) == {"c/r/a"}


async def test_an_absent_target_ends_the_copy(tmp_path: Path) -> None:
    disk = DiskBlobs(tmp_path / "storage")
    await disk.put("c/r/a", b"x")
    absent = S3Blobs(location(f"http://127.0.0.1:{free_ports(1)[0]}"))
    with pytest.raises(BlobsUnavailable):
        await copy_files(disk, absent, quiet)


async def test_many_strangers_at_the_target_stay(disks: tuple[DiskBlobs, DiskBlobs]) -> None:
    source, target = disks
    await source.put("c/r/a", b"x")
    strangers = {f"c/s/{number}" for number in range(60)}
    for key in strangers:
        await target.put(key, b"another service's")
    await copy_files(source, target, quiet)
    assert await keys(target) == strangers | {"c/r/a"}


class Vanishing(DiskBlobs):
    """A source whose files are deleted (at both places) at the worst moment of their copy."""

    def __init__(self, root: Path, target: Blobs) -> None:
        super().__init__(root)
        self.target = target

    async def list(self, prefix: str = "") -> AsyncIterator[BlobMeta]:
        async for meta in super().list(prefix):
            yield meta
            if meta.key.endswith("listed"):
                await self.delete(meta.key)
                await self.target.delete(meta.key)

    async def head(self, key: str) -> BlobMeta:
        if key.endswith("copied"):
            await self.delete(key)
            raise BlobMissing(key)
        return await super().head(key)


async def test_files_that_go_while_they_are_copied_leave_nothing(tmp_path: Path) -> None:
    target = DiskBlobs(tmp_path / "b")
    source = Vanishing(tmp_path / "a", target)
    for key in ("c/r/kept", "c/r/listed", "c/r/copied"):
        await source.put(key, b"x")
    await copy_files(source, target, quiet)
    assert await keys(source) == await keys(target) == {"c/r/kept"}


async def test_uploads_and_deletes_during_a_copy_end_equal(
    places: tuple[Blobs, Blobs], tmp_path: Path
) -> None:
    source, target = places
    for number in range(150):
        await source.put(f"c/old/{number}", os.urandom(500))
    twin = TwinBlobs(source, target, MissedKeys(tmp_path).add)
    is_over = False

    async def write(worker: int) -> None:
        chance = random.Random(worker)
        number = 0
        while not is_over:
            number += 1
            await twin.put(f"c/{worker}/{number}", os.urandom(chance.randrange(5000)))
            if chance.random() < 0.5:
                await twin.delete(f"c/{worker}/{chance.randint(1, number)}")
                await twin.delete(f"c/old/{worker * 40 + chance.randrange(40)}")

    writers = [asyncio.create_task(write(worker)) for worker in range(3)]
    await copy_files(source, target, quiet)
    compared = await compare_files(source, target, quiet)
    is_over = True
    await asyncio.gather(*writers)
    await copy_missed(tmp_path, source, target)
    assert compared.differing == []
    assert await everything(source) == await everything(target)
