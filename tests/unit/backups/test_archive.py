"""Archives: written, looked through, unpacked; hostile ones are refused."""

from __future__ import annotations

import io
import random
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tenfold.backups.archive import (
    BrokenArchive,
    Manifest,
    Packed,
    look_through,
    unpack,
    write_archive,
)

MANIFEST = Manifest(1, "0.1.0", datetime(2030, 1, 1, tzinfo=UTC), has_files=True)
HEAD = b'{"format":1,"version":"1","createdAt":"2030-01-01T00:00:00Z","hasFiles":true}'


def unheard(done: int, total: int) -> None:
    del done, total


def packed(folder: Path, name: str, body: bytes) -> Packed:
    path = folder / name.replace("/", "_")
    path.write_bytes(body)
    return Packed(name, path, len(body))


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return path


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(3 << 20)
    files = [packed(tmp_path, "data.db", b"db" * 999), packed(tmp_path, "storage/c/r/n", noise)]
    gone = Packed("storage/c/r/gone", tmp_path / "gone", 5)
    steps: list[int] = []
    archive = tmp_path / "archive.zip"
    write_archive(archive, MANIFEST, [*files, gone], 4 << 20, lambda done, _: steps.append(done))
    contents = look_through(archive)
    assert contents.manifest == MANIFEST
    unpack(archive, contents, tmp_path / "out", unheard)
    assert (tmp_path / "out/data.db").read_bytes() == b"db" * 999
    assert (tmp_path / "out/storage/c/r/n").read_bytes() == noise
    assert steps == sorted(steps) and len(steps) > 3


def test_what_else_lies_in_an_archive_of_pocketbase_is_left_out(tmp_path: Path) -> None:
    more = ("auxiliary.db", b"x"), ("types.d.ts", b"x"), ("storage/", b""), ("../evil", b"x")
    contents = look_through(zipped(tmp_path / "a.zip", ("data.db", b"x"), *more))
    assert contents.manifest is None
    assert [entry.filename for entry in contents.entries] == ["data.db"]


def linked(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "name",
    [
        "storage/../../evil",
        "storage//etc/passwd",
        "storage/..",
        "storage/a/../../b",
        "storage/a\\..\\b",
        "storage/a/b/c/d/e",
        "storage/" + "x" * 256,
        "storage/a/\x01",
        "storage/./a",
        linked("storage/c/r/link"),
        linked("data.db"),
    ],
)
def test_hostile_names_are_refused(tmp_path: Path, name: str | zipfile.ZipInfo) -> None:
    first = (
        []
        if isinstance(name, zipfile.ZipInfo) and name.filename == "data.db"
        else [("data.db", b"x")]
    )
    path = zipped(tmp_path / "a.zip", ("tenfold.json", HEAD), *first, (name, b"/etc"))
    with pytest.raises(BrokenArchive):
        look_through(path)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{}", b"[]", b"\xff", HEAD.replace(b":1,", b":2,"), HEAD + b" " * 70_000],
)
def test_bad_manifests_are_refused(tmp_path: Path, manifest: bytes) -> None:
    path = zipped(tmp_path / "a.zip", ("tenfold.json", manifest), ("data.db", b"x"))
    with pytest.raises(BrokenArchive):
        look_through(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", ("data.db", b"x"), ("data.db", b"y"))
    with pytest.raises(BrokenArchive, match="twice"):
        look_through(path)


@pytest.mark.parametrize("body", [b"", b"PK", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"x" * 99])
def test_no_archives_are_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(body)
    with pytest.raises(BrokenArchive):
        look_through(path)


def make(tmp_path: Path) -> bytes:
    files = [packed(tmp_path, "data.db", random.Random(1).randbytes(50_000))]
    archive = tmp_path / "whole.zip"
    archive.unlink(missing_ok=True)
    write_archive(archive, MANIFEST, files, 50_000, unheard)
    return archive.read_bytes()


def restored(path: Path, out: Path) -> bytes:
    unpack(path, look_through(path), out, unheard)
    return (out / "data.db").read_bytes()


@pytest.mark.parametrize("seed", range(60))
def test_damage_is_found(tmp_path: Path, seed: int) -> None:
    body = bytearray(make(tmp_path))
    choice = random.Random(seed)
    if seed % 3 == 0:
        del body[choice.randrange(1, len(body)) :]
    else:
        body[choice.randrange(len(body))] ^= 1 << choice.randrange(8)
    path = tmp_path / "damaged.zip"
    path.write_bytes(body)
    try:
        found = restored(path, tmp_path / "out")
    except BrokenArchive:
        return
    # Damage to what carries no data (a date, say) may pass.
    assert found == (tmp_path / "data.db").read_bytes()


def test_a_bomb_that_hides_its_size_is_stopped(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tenfold.json", HEAD)
        archive.writestr("data.db", b"\0" * (64 << 20))
    body = buffer.getvalue()
    small = (1000).to_bytes(4, "little")
    path = tmp_path / "bomb.zip"
    path.write_bytes(body.replace((64 << 20).to_bytes(4, "little"), small))
    with pytest.raises(BrokenArchive):
        restored(path, tmp_path / "out")
    assert (tmp_path / "out/data.db").stat().st_size <= 2 << 20


def test_a_bomb_larger_than_the_disk_is_refused_at_once(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tenfold.json", HEAD)
        archive.writestr("data.db", b"\0" * (64 << 20))
    huge = (0xFFFFFF00).to_bytes(4, "little")
    body = buffer.getvalue().replace((64 << 20).to_bytes(4, "little"), huge)
    path = tmp_path / "bomb.zip"
    path.write_bytes(body)
    contents = look_through(path)
    many = tuple([entry for entry in contents.entries] * 100_000)
    with pytest.raises(BrokenArchive, match="no room"):
        unpack(path, type(contents)(contents.manifest, many), tmp_path / "out", unheard)
