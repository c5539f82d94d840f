"""Uploads around a record's write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tenfold.blobs import BlobsUnavailable
from tenfold.blobs.disk import DiskBlobs
from tenfold.errors import FieldError
from tenfold.files.uploads import RecordUploads
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tests.contracts.blobs import content, keys
from tests.unit.files.samples import documents, upload

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "storage")


@pytest.fixture
def uploads(blobs: DiskBlobs) -> RecordUploads:
    return RecordUploads(blobs)


@pytest.fixture
def collection() -> Collection:
    return documents()


def record(collection: Collection, **values: object) -> Record:
    zeros: dict[str, Any] = {field.name: field.zero() for field in collection.fields}
    return Record(collection, {**zeros, "id": "rec", **values})


async def test_uploads_are_stored_under_the_names_that_replace_them(
    uploads: RecordUploads, blobs: DiskBlobs, collection: Collection, tmp_path: Path
) -> None:
    body = {
        "title": "x",
        "one": [upload(tmp_path, "A file.txt", b"one")],
        "many+": [upload(tmp_path, "b", PNG), upload(tmp_path, "c", b"")],
    }
    staged = await uploads.stage(collection, "rec", body)
    assert staged.errors == {}
    assert staged.body["title"] == "x"
    [one], [b, c] = staged.body["one"], staged.body["many+"]
    assert staged.names == [one, b, c]
    assert one.startswith("a_file_")
    assert b.endswith(".png")
    assert c.endswith(".txt")
    assert await keys(blobs) == {f"{collection.id}/rec/{name}" for name in staged.names}
    assert await content(await blobs.get(f"{collection.id}/rec/{b}")) == PNG


async def test_names_stay_before_files(
    uploads: RecordUploads, collection: Collection, tmp_path: Path
) -> None:
    body = {"many": ["old.txt", upload(tmp_path, "new.txt", b"x")]}
    staged = await uploads.stage(collection, "rec", body)
    assert staged.body["many"][0] == "old.txt"
    assert staged.body["many"][1:] == staged.names


async def test_a_single_field_takes_the_last_file_only(
    uploads: RecordUploads, blobs: DiskBlobs, collection: Collection, tmp_path: Path
) -> None:
    body = {"one": [upload(tmp_path, f"file{n}.txt", b"x") for n in range(3)]}
    staged = await uploads.stage(collection, "rec", body)
    assert [name[:5] for name in staged.body["one"]] == ["file2"]
    assert len(await keys(blobs)) == 1


async def test_uploads_for_other_fields_are_left_out(
    uploads: RecordUploads, blobs: DiskBlobs, collection: Collection, tmp_path: Path
) -> None:
    fields = ("title", "unknown", "many-", "many.0", "many[]")
    body = {key: [upload(tmp_path, "a.txt", b"x")] for key in fields}
    staged = await uploads.stage(collection, "rec", body)
    assert staged.body == {}
    assert await keys(blobs) == set()


TOO_BIG = FieldError(
    "validation_file_size_limit",
    "Failed to upload big.txt - the maximum allowed file size is 5000 bytes.",
    {"file": "big.txt", "maxSize": 5000},
)
TOO_MANY = FieldError(
    "validation_too_many_files", "The maximum allowed files is 3.", {"maxSelect": 3}
)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((6000,), TOO_BIG), ((1, 5001, 6000), TOO_BIG), ((1,) * 5, TOO_MANY), ((5000,), None)],
)
async def test_size_and_number_are_limited(
    uploads: RecordUploads,
    blobs: DiskBlobs,
    collection: Collection,
    tmp_path: Path,
    sizes: Sequence[int],
    expected: FieldError | None,
) -> None:
    files = [upload(tmp_path, "big.txt" if n > 1 else "s.txt", b"x" * n) for n in sizes]
    staged = await uploads.stage(collection, "rec", {"many": files, "title": "t"})
    assert staged.errors.get("many") == expected
    assert len(await keys(blobs)) == (0 if expected else len(sizes))


async def test_the_type_is_told_from_the_content(
    uploads: RecordUploads, blobs: DiskBlobs, collection: Collection, tmp_path: Path
) -> None:
    good = await uploads.stage(collection, "rec", {"png": [upload(tmp_path, "a.txt", PNG)]})
    assert good.errors == {}
    bad = await uploads.stage(
        collection,
        "rec",
        {"png": [upload(tmp_path, "abc.png", b"hello")], "one": [upload(tmp_path, "a", b"x")]},
    )
    assert list(bad.errors) == ["png"]
    assert bad.errors["png"].code == "validation_invalid_mime_type"
    assert bad.errors["png"].params == {}
    assert bad.errors["png"].message == (
        f'"{bad.body["png"][0]}" mime type must be one of: image/png.'
    )
    assert len(await keys(blobs)) == 1


async def test_the_default_limit_is_5_mib(
    uploads: RecordUploads, collection: Collection, tmp_path: Path
) -> None:
    big = [upload(tmp_path, "big.bin", b"\0" * ((5 << 20) + 1))]
    staged = await uploads.stage(collection, "rec", {"one": big})
    assert staged.errors["one"].params == {"file": "big.bin", "maxSize": 5242880}


async def test_names_that_nobody_uploaded_are_refused(
    uploads: RecordUploads, collection: Collection
) -> None:
    before = record(collection, many=["a.txt", "b.txt"])
    kept = record(collection, many=["b.txt", "new.txt"], one="one.txt")
    assert uploads.check_names(kept, before, ["new.txt", "one.txt"]) == {}
    errors = uploads.check_names(kept, before, ["one.txt"])
    assert errors == {
        "many": FieldError(
            "validation_invalid_file",
            "Invalid new files: [new.txt].",
            {"invalidFiles": ["new.txt"]},
        )
    }
    assert set(uploads.check_names(kept, None, [])) == {"many", "one"}


async def test_removed_files_take_their_thumbs_along(
    uploads: RecordUploads, blobs: DiskBlobs, collection: Collection
) -> None:
    for key in ("a.png", "thumbs_a.png/100x100_a.png", "b.png", "thumbs_b.png/1x1_b.png"):
        await blobs.put(f"{collection.id}/rec/{key}", b"x")
    await uploads.remove(collection, "rec", ["a.png", "never.png"])
    assert await keys(blobs) == {
        f"{collection.id}/rec/b.png",
        f"{collection.id}/rec/thumbs_b.png/1x1_b.png",
    }


async def test_removing_never_raises(uploads: RecordUploads, collection: Collection) -> None:
    await uploads.remove(collection, "rec", ["../../x", "", "a/b"])
    await uploads.remove_all(collection, "../..")
    await uploads.remove_collection(collection)


async def test_a_store_that_fails_half_way_is_undone(
    uploads: RecordUploads,
    blobs: DiskBlobs,
    collection: Collection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = blobs.put_file
    stored: list[str] = []

    async def fails_later(key: str, path: Path, *, content_type: str = "") -> None:
        if stored:
            raise BlobsUnavailable("disk full")
        stored.append(key)
        await real(key, path, content_type=content_type)

    monkeypatch.setattr(blobs, "put_file", fails_later)
    files = [upload(tmp_path, f"{n}.txt", b"x") for n in range(3)]
    with pytest.raises(BlobsUnavailable):
        await uploads.stage(collection, "rec", {"many": files})
    assert stored
    assert await keys(blobs) == set()
