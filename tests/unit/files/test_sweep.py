"""The sweep removes what no row names, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from tenfold.blobs.disk import DiskBlobs
from tenfold.files.sweep import DOUBTFUL, sweep
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads
from tests.contracts.blobs import keys
from tests.unit.files.samples import documents

pytestmark = pytest.mark.anyio


class Rows:
    """The two questions that a sweep asks of a store."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.catalog = Catalog(tuple({r.collection.id: r.collection for r in records}.values()))

    async def find_many(self, collection: Collection, ids: Sequence[str]) -> dict[str, Record]:
        return {r.id: r for r in self.records if r.collection.id == collection.id and r.id in ids}


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "storage")


@pytest.fixture
def rows() -> Reads:
    values = {"id": "rec", "title": "", "one": "a.txt", "many": ["b.txt"], "png": [], "secret": ""}
    return cast(Reads, Rows([Record(documents(), values)]))


def in_two_hours() -> datetime:
    return datetime.now(UTC) + timedelta(hours=2)


async def test_orphans_go_and_named_files_stay(blobs: DiskBlobs, rows: Reads) -> None:
    folder = f"{documents().id}/rec"
    kept = {f"{folder}/a.txt", f"{folder}/b.txt", f"{folder}/thumbs_b.txt/1x1_b.txt"}
    gone = {
        f"{folder}/c.txt",
        f"{folder}/thumbs_c.txt/1x1_c.txt",
        f"{folder}/a.txt.attrs",
        f"{documents().id}/other/a.txt",
        "pbc_gone0000000/rec/a.txt",
        "stray",
    }
    for key in kept | gone:
        await blobs.put(key, b"xy")
    report = await sweep(rows, blobs, now=in_two_hours)
    assert await keys(blobs) == kept
    assert (report.seen_count, report.removed_count, report.removed_bytes) == (9, 6, 12)


async def test_young_files_stay_their_row_may_be_on_its_way(blobs: DiskBlobs, rows: Reads) -> None:
    await blobs.put(f"{documents().id}/rec/new.txt", b"x")
    await sweep(rows, blobs)
    assert len(await keys(blobs)) == 1


async def test_a_moved_file_is_as_young_as_its_put(
    blobs: DiskBlobs, rows: Reads, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"x")
    os.utime(path, (0, 0))
    await blobs.put_file(f"{documents().id}/rec/new.txt", path)
    await sweep(rows, blobs)
    assert len(await keys(blobs)) == 1


async def test_keys_of_others_in_a_bucket_are_left_alone(
    blobs: DiskBlobs, rows: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(key: str) -> None:
        del key

    monkeypatch.setattr(blobs, "local_path", elsewhere)
    await blobs.put("somebody/elses/file", b"x")
    await blobs.put(f"{documents().id}/rec/orphan.txt", b"x")
    await sweep(rows, blobs, now=in_two_hours)
    assert await keys(blobs) == {"somebody/elses/file"}


async def test_files_of_other_data_are_left_alone(blobs: DiskBlobs, rows: Reads) -> None:
    for number in range(DOUBTFUL):
        await blobs.put(f"{documents().id}/other{number}/a.txt", b"x")
    await sweep(rows, blobs, now=in_two_hours)
    assert len(await keys(blobs)) == DOUBTFUL
    await blobs.put(f"{documents().id}/rec/a.txt", b"x")
    await sweep(rows, blobs, now=in_two_hours)
    assert await keys(blobs) == {f"{documents().id}/rec/a.txt"}
