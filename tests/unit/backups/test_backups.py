"""Backups of a real store and its files: made, kept, put back."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tenfold.adapters import backups_of
from tenfold.backups import Backups, apply_pending_restore, is_restore_pending
from tenfold.backups.turns import BackupTurn, FolderUse
from tenfold.blobs.disk import DiskBlobs
from tenfold.errors import BadRequest, NotFound, Unavailable
from tenfold.schema.collection import Collection
from tenfold.schema.fields import FileField, TextField
from tenfold.schema.record import Record
from tenfold.settings import Settings
from tenfold.store.contract import Transaction
from tenfold.store.sqlite import SqliteStore
from tests.contracts.blobs import keys
from tests.unit.files.samples import upload

pytestmark = pytest.mark.anyio

DOCS = Collection(
    id="pbc_docs0000000",
    name="docs",
    fields=(
        TextField(id="text_id", name="id", system=True, primary_key=True),
        FileField(id="file_one", name="one", max_select=1),
    ),
)


@dataclass
class Box:
    """A data folder with a running store, its files and its backups."""

    folder: Path
    store: SqliteStore
    files: DiskBlobs
    archives: DiskBlobs
    backups: Backups

    async def add(self, record_id: str, name: str = "") -> None:
        async def work(tx: Transaction) -> None:
            await tx.insert(Record(self.docs, {"id": record_id, "one": name}))

        if name:
            await self.files.put(f"{DOCS.id}/{record_id}/{name}", name.encode())
        await self.store.write(work)

    @property
    def docs(self) -> Collection:
        return self.store.catalog.by_id[DOCS.id]

    async def names(self, store: SqliteStore | None = None) -> list[str]:
        store = store or self.store
        found = await store.find_by(store.catalog.by_id[DOCS.id], {})
        return sorted(record.id for record in found)


def backups_on(folder: Path) -> Backups:
    files, archives = DiskBlobs(folder / "storage"), DiskBlobs(folder / "backups")
    return backups_of(Settings(dir=folder), files, archives, lambda: "My App!")


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    folder = tmp_path / "data"
    store = SqliteStore(folder)
    await store.open()

    async def work(tx: Transaction) -> None:
        await tx.save_collections([DOCS])

    await store.write(work)
    files, archives = DiskBlobs(folder / "storage"), DiskBlobs(folder / "backups")
    backups = backups_of(Settings(dir=folder), files, archives, lambda: "My App!")
    yield Box(folder, store, files, archives, backups)
    await store.close()


async def test_a_backup_holds_rows_and_files(box: Box, tmp_path: Path) -> None:
    await box.add("first", "a.txt")
    await box.files.put(f"{DOCS.id}/first/thumbs_a.txt/1x1_a.txt", b"small")
    steps: set[str] = set()
    made = await box.backups.create("x.zip", lambda doing, done, total: steps.add(doing))
    assert made.name == "x.zip" and made.size_bytes > 0
    assert [b.name for b in await box.backups.list()] == ["x.zip"]
    with zipfile.ZipFile(box.folder / "backups" / "x.zip") as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "tenfold.json",
            "data.db",
            f"storage/{DOCS.id}/first/a.txt",
        }
    assert steps == {"database", "archive"}
    assert not (box.folder / ".backup").exists()


async def test_restore_takes_place_at_the_next_start(box: Box) -> None:
    await box.add("kept", "a.txt")
    await box.backups.create("x.zip")
    await box.add("later", "b.txt")
    await box.backups.restore("x.zip")
    assert await box.names() == ["kept", "later"]
    await box.store.close()
    assert apply_pending_restore(box.folder) == "x.zip"
    await box.store.open()
    assert await box.names() == ["kept"]
    assert await keys(box.files) == {f"{DOCS.id}/kept/a.txt"}
    assert [b.name for b in await box.backups.list()] == ["x.zip"]


async def test_a_backup_under_writes_names_no_missing_file(box: Box) -> None:
    is_over = False

    async def write() -> None:
        number = 0
        while not is_over:
            number += 1
            await box.add(f"r{number}", f"f{number}.txt")
            if number % 3 == 0:
                await remove(box, f"r{number - 1}")

    task = asyncio.create_task(write())
    while len(await box.names()) < 5:
        await asyncio.sleep(0.01)
    await box.backups.create("x.zip")
    is_over = True
    await task
    await box.backups.restore("x.zip")
    new = box.folder / ".restore" / "new"
    store = SqliteStore(new)
    await store.open()
    found = await store.find_by(store.catalog.by_id[DOCS.id], {})
    await store.close()
    assert len(found) > 2
    for record in found:
        assert (new / "storage" / DOCS.id / record.id / record.values["one"]).is_file()


async def remove(box: Box, record_id: str) -> None:
    async def work(tx: Transaction) -> None:
        record = await tx.find(box.docs, record_id)
        assert record is not None
        await tx.delete(record)

    await box.store.write(work)
    await box.files.delete_prefix(f"{DOCS.id}/{record_id}/")


@pytest.mark.parametrize("damage", ["cut", "flipped", "no database", "broken database"])
async def test_a_broken_archive_changes_nothing(box: Box, damage: str) -> None:
    await box.add("kept", "a.txt")
    await box.backups.create("x.zip")
    path = box.folder / "backups" / "x.zip"
    body = bytearray(path.read_bytes())
    if damage == "cut":
        del body[len(body) // 2 :]
    elif damage == "flipped":
        body[len(body) // 2] ^= 255
    path.write_bytes(body)
    if "database" in damage:
        with zipfile.ZipFile(path, "w") as archive:
            head = '{"format":1,"version":"1","createdAt":"2030-01-01T00:00:00Z","hasFiles":true}'
            archive.writestr("tenfold.json", head)
            if damage == "broken database":
                archive.writestr("data.db", b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(BadRequest, match="Failed to restore backup"):
        await box.backups.restore("x.zip")
    assert not is_restore_pending(box.folder)
    assert not (box.folder / ".restore").exists()
    assert await box.names() == ["kept"]


async def test_a_second_restore_waits_for_the_first(box: Box) -> None:
    await box.backups.create("x.zip")
    await box.backups.restore("x.zip")
    with pytest.raises(BadRequest, match="Another restore waits"):
        await box.backups.restore("x.zip")


async def test_only_one_at_a_time(box: Box) -> None:
    with BackupTurn(box.folder).held():
        assert not box.backups.is_free()
        for work in (box.backups.create(), box.backups.create("y.zip")):
            with pytest.raises(BadRequest, match="another backup/restore process"):
                await work
    assert box.backups.is_free()


async def test_deleted_files_stay_while_a_backup_runs(box: Box) -> None:
    await box.add("first", "a.txt")
    async with box.files.hold():
        await box.files.delete(f"{DOCS.id}/first/a.txt")
        assert await keys(box.files) == {f"{DOCS.id}/first/a.txt"}


async def test_automatic_backups_keep_the_last(box: Box) -> None:
    times = iter(datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(9))
    files, archives = box.files, box.archives
    backups = backups_of(Settings(dir=box.folder), files, archives, lambda: "My App!")
    backups.now = lambda: next(times)
    await backups.create("mine.zip")
    for _ in range(4):
        await backups.run_scheduled(2)
    assert [b.name for b in await backups.list()] == [
        "@auto_pb_backup_my_app_20300101000500.zip",
        "@auto_pb_backup_my_app_20300101000700.zip",
        "mine.zip",
    ]


async def test_an_end_of_the_service_ends_a_backup(box: Box) -> None:
    box.backups.stop()
    with pytest.raises(Unavailable, match="stops"):
        await box.backups.create("x.zip")
    assert await box.backups.list() == []
    assert not (box.folder / ".backup").exists()


@pytest.mark.parametrize("name", ["nope.zip", "../data.db", ".incoming", "", "a/b.zip", "\0", "."])
async def test_names_of_nothing(box: Box, name: str) -> None:
    with pytest.raises(NotFound):
        await box.backups.get(name)
    with pytest.raises(BadRequest, match="Missing or invalid"):
        await box.backups.restore(name)
    with pytest.raises(BadRequest, match="already deleted"):
        await box.backups.delete(name)


async def test_uploads(box: Box, tmp_path: Path) -> None:
    await box.backups.create("x.zip")
    body = (box.folder / "backups" / "x.zip").read_bytes()
    await box.backups.upload(upload(tmp_path, "C:\\backups\\mine.zip", body))
    assert [b.name for b in await box.backups.list()] == ["mine.zip", "x.zip"]
    for filename, content in (("mine.zip", body), ("y.zip", b"text"), (".zip", body), ("..", body)):
        with pytest.raises(BadRequest) as refused:
            await box.backups.upload(upload(tmp_path, filename, content))
        assert "file" in refused.value.errors
    await box.backups.delete("mine.zip")
    assert [b.name for b in await box.backups.list()] == ["x.zip"]


async def test_leftovers_of_a_crash_go(box: Box) -> None:
    half = box.folder / ".backup" / "half"
    half.mkdir(parents=True)
    (half / "archive.zip").write_bytes(b"x")
    await box.backups.create("x.zip")
    assert not half.exists()


def test_who_works_on_a_folder(tmp_path: Path) -> None:
    first, second = FolderUse(tmp_path), FolderUse(tmp_path)
    assert first.try_alone()
    assert not second.try_alone()
    first.share()
    second.share()
    assert not second.try_alone(0.15)
    first.end()
    assert second.try_alone()
    second.end()
