"""Blobs on disk: the contract, durability, and what only a disk can get wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.blobs import BlobMissing, Blobs, BlobsUnavailable
from tenfold.blobs.current import CurrentBlobs
from tenfold.blobs.disk import DiskBlobs
from tests.contracts.blobs import BlobsContract, content, keys

pytestmark = pytest.mark.anyio


class TestDiskBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return DiskBlobs(tmp_path / "storage")


class TestCurrentBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return CurrentBlobs(DiskBlobs(tmp_path / "storage"))


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "storage")


async def test_current_blobs_can_move(tmp_path: Path) -> None:
    current = CurrentBlobs(DiskBlobs(tmp_path / "a"))
    await current.put("c/r/a", b"x")
    current.use(DiskBlobs(tmp_path / "b"))
    with pytest.raises(BlobMissing):
        await current.get("c/r/a")


async def test_a_put_syncs_the_file_and_every_new_folder(
    blobs: DiskBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def spy(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    await blobs.put("col/rec/a.txt", b"x")
    parent, file = synced[0], synced[2]
    assert parent == blobs.root.parent.name
    assert len(file) == 32
    assert synced == [parent, "storage", file, "storage", "col", "rec"]


async def test_links_are_not_followed(blobs: DiskBlobs, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    await blobs.put("c/r/a", b"x")
    (blobs.root / "c/r/link").symlink_to(tmp_path / "secret")
    for reading in (blobs.get("c/r/link"), blobs.head("c/r/link")):
        with pytest.raises(BlobMissing):
            await reading
    assert await keys(blobs) == {"c/r/a"}


async def test_a_pipe_is_no_blob_and_blocks_nobody(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/a", b"x")
    os.mkfifo(blobs.root / "c/r/pipe")
    with pytest.raises(BlobMissing):
        await asyncio.wait_for(blobs.get("c/r/pipe"), 2)


async def test_empty_folders_go_with_their_last_blob(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/t/a", b"x")
    await blobs.delete("c/r/t/a")
    assert not (blobs.root / "c").exists()


async def test_puts_and_deletes_in_one_folder_do_not_hinder_each_other(blobs: DiskBlobs) -> None:
    async def put_and_delete(n: int) -> None:
        for _ in range(20):
            await blobs.put(f"c/r/{n}", b"x")
            await blobs.delete(f"c/r/{n}")

    await asyncio.gather(*(put_and_delete(n) for n in range(4)))
    assert await keys(blobs) == set()


async def test_a_hold_keeps_blobs_from_going(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/a", b"x")
    other = DiskBlobs(blobs.root)
    async with blobs.hold():
        await other.delete("c/r/a")
        await blobs.delete_prefix("c/")
        assert await keys(blobs) == {"c/r/a"}
    await other.delete("c/r/a")
    assert await keys(blobs) == set()


async def test_the_whole_root_is_never_deleted(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/a", b"x")
    await blobs.delete_prefix("")
    assert await keys(blobs) == {"c/r/a"}


async def test_tidy_removes_only_old_leftovers(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/a", b"x")
    old, young = (blobs.root / ".incoming" / name for name in ("old", "young"))
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (0, time.time() - 2 * 24 * 3600))
    await blobs.tidy()
    assert young.exists()
    assert not old.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
async def test_a_read_only_folder_is_said_so(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/a", b"x")
    (blobs.root / ".incoming").chmod(0o500)
    with pytest.raises(BlobsUnavailable):
        await blobs.put("c/r/b", b"x")
    assert await content(await blobs.get("c/r/a")) == b"x"


async def test_a_full_disk_is_said_so_and_leaves_nothing(
    blobs: DiskBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BlobsUnavailable, match="No space left"):
        await blobs.put("c/r/a", b"x")
    monkeypatch.undo()
    assert await keys(blobs) == set()


async def test_an_unread_blob_closes_its_file(blobs: DiskBlobs) -> None:
    await blobs.put("c/r/a", b"x" * 1_000_000)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        read = await blobs.get("c/r/a")
        async for _ in read.chunks:
            break
        await read.chunks.aclose()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) <= before


WRITER = """
import asyncio, sys
from pathlib import Path
from tenfold.blobs.disk import DiskBlobs

async def main() -> None:
    blobs = DiskBlobs(Path(sys.argv[1]))
    for n in range(100_000):
        await blobs.put(f"c/r{n % 5}/{n}", str(n).encode() * 2000)
        print(n, flush=True)

asyncio.run(main())
"""


@pytest.fixture
def writer(blobs: DiskBlobs) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(blobs.root)], stdout=subprocess.PIPE
    ) as process:
        yield process
        process.kill()


async def test_kill_in_the_middle_leaves_whole_blobs_only(
    blobs: DiskBlobs, writer: subprocess.Popen[bytes]
) -> None:
    assert writer.stdout is not None
    for _ in range(30):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    acknowledged = 30 + len(writer.stdout.read().splitlines())
    writer.wait()
    kept = await keys(blobs)
    assert {int(key.rpartition("/")[2]) for key in kept} >= set(range(acknowledged))
    for key in kept:
        assert await content(await blobs.get(key)) == key.rpartition("/")[2].encode() * 2000
