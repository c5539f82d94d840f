"""A backup as a ZIP file: written, looked through, unpacked. Everything here blocks.

Layout: `tenfold.json` says what it is, `data.db` is the database, `storage/` the files of the
records. An archive without `tenfold.json` may be a backup made by PocketBase.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from tenfold.blobs import BlobMissing, check_key
from tenfold.durable import sync
from tenfold.errors import OperatorError

MANIFEST = "tenfold.json"
DATABASE = "data.db"
STORAGE = "storage/"
FORMAT = 1

CHUNK_BYTES = 1 << 20
COMPRESSION = 1
"""Fast: what a backup holds most of, uploaded files, is compressed already."""

MAX_ENTRIES = 5_000_000
SYNCED_ONE_BY_ONE = 1_000
MAX_MANIFEST_BYTES = 64 * 1024
SPARE_BYTES = 64 * 1024 * 1024
"""Left free on the disk when an archive is unpacked."""

Progress = Callable[[int, int], None]


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What an archive says of itself; without `has_files` they lie in a bucket, not in it."""

    format: int
    version: str
    created_at: datetime
    has_files: bool


@dataclass(frozen=True, slots=True)
class Packed:
    """A file to put into an archive."""

    name: str
    path: Path
    size_bytes: int


class BrokenArchive(OperatorError):
    """An archive that can't be restored, and why; nothing was changed."""


def write_archive(
    target: Path, manifest: Manifest, files: Iterable[Packed], total_bytes: int, progress: Progress
) -> None:
    """Write a new archive, durably. Files that have gone meanwhile are left out."""
    done = 0
    with (
        target.open("xb") as raw,
        zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive,
    ):
        archive.writestr(MANIFEST, msgspec.json.encode(manifest))
        for file in files:
            done = _add(archive, file, done, lambda at: progress(min(at, total_bytes), total_bytes))
    with target.open("rb") as raw:
        os.fsync(raw.fileno())


def _add(archive: zipfile.ZipFile, file: Packed, done: int, progress: Callable[[int], None]) -> int:
    try:
        source = file.path.open("rb")
    except FileNotFoundError:
        return done
    with source:
        entry = zipfile.ZipInfo.from_file(file.path, file.name, strict_timestamps=False)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as packed:
            while chunk := source.read(CHUNK_BYTES):
                packed.write(chunk)
                done += len(chunk)
                progress(done)
    return done


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive holds, looked through; `manifest` is None for one of PocketBase's."""

    manifest: Manifest | None
    entries: tuple[zipfile.ZipInfo, ...]

    @property
    def size_bytes(self) -> int:
        """The size of everything once it is unpacked, as the archive tells it."""
        return sum(entry.file_size for entry in self.entries)


def look_through(path: Path) -> Contents:
    """What there is to unpack, and that it is harmless. Raises: BrokenArchive."""
    with _opened(path) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise BrokenArchive("The archive holds too many files.")
        wanted = [entry for entry in entries if _is_wanted(entry.filename)]
        for entry in wanted:
            _check_entry(entry)
        names = [entry.filename for entry in wanted]
        if len(set(names)) != len(names):
            raise BrokenArchive("The archive holds the same file twice.")
        if DATABASE not in names:
            raise BrokenArchive("The archive holds no database.")
        return Contents(_manifest(archive), tuple(wanted))


def unpack(path: Path, contents: Contents, folder: Path, progress: Progress) -> None:
    """Write what an archive holds into a new folder, durably, and prove its checksums.

    Raises: BrokenArchive; the folder may hold a part of it then.
    """
    total = contents.size_bytes
    folder.mkdir(parents=True)
    if total + SPARE_BYTES > shutil.disk_usage(folder).free:
        raise BrokenArchive(f"There is no room for the {total >> 20} MiB that the archive holds.")
    if contents.manifest is None or contents.manifest.has_files:
        (folder / STORAGE).mkdir()
    done = 0
    with _opened(path) as archive:
        for entry in contents.entries:
            try:
                _extract(archive, entry, folder / entry.filename)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                raise BrokenArchive(f"{entry.filename} is damaged: {error}.") from error
            done += entry.file_size
            progress(done, total)
    _make_durable(folder, len(contents.entries))


def _make_durable(folder: Path, count: int) -> None:
    """Sync a tree. Thousands of files would each wait for the disk: then all disks sync once."""
    if count > SYNCED_ONE_BY_ONE:
        os.sync()
        return
    for place, _, names in os.walk(folder):
        for path in (*(Path(place, name) for name in names), Path(place)):
            sync(path)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as packed, target.open("xb") as file:
        while chunk := packed.read(CHUNK_BYTES):
            written += len(chunk)
            if written > entry.file_size:
                raise zipfile.BadZipFile("it is larger than it says")
            file.write(chunk)
    if written != entry.file_size:
        raise zipfile.BadZipFile("it is smaller than it says")


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise BrokenArchive("This is no ZIP archive, or it is cut off.") from error


def _is_wanted(name: str) -> bool:
    """Everything else (PocketBase's log, types and notes) is left where it is."""
    return name == DATABASE or (name.startswith(STORAGE) and not name.endswith("/"))


def _check_entry(entry: zipfile.ZipInfo) -> None:
    mode = entry.external_attr >> 16
    if entry.flag_bits & 1 or (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
        raise BrokenArchive(f"{entry.filename[:200]!r} is no plain file.")
    if entry.filename == DATABASE:
        return
    try:
        check_key(entry.filename.removeprefix(STORAGE))
    except BlobMissing:
        raise BrokenArchive(f"{entry.filename[:200]!r} is no name for a file.") from None


def _manifest(archive: zipfile.ZipFile) -> Manifest | None:
    try:
        entry = archive.getinfo(MANIFEST)
    except KeyError:
        return None
    if entry.file_size > MAX_MANIFEST_BYTES:
        raise BrokenArchive(f"{MANIFEST} is too large.")
    try:
        with archive.open(entry) as file:
            found = msgspec.json.decode(file.read(MAX_MANIFEST_BYTES), type=Manifest)
    except (msgspec.DecodeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BrokenArchive(f"{MANIFEST} is damaged: {error}.") from error
    if found.format != FORMAT:
        raise BrokenArchive("The backup was made by a newer Tenfold.")
    return found
