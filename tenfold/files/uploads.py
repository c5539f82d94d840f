"""Store and remove a record's files around its write.

invariant: a committed row names only stored files. Files are stored under new, random names
before the transaction and removed after it (or after its rollback); a crash in between leaves
files that no row names, which the sweep removes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeGuard, cast

from tenfold.blobs import Blobs, BlobsUnavailable
from tenfold.errors import FieldError, TenfoldError
from tenfold.files.keys import file_fields, file_key, thumbs_prefix
from tenfold.files.names import random_text, stored_name
from tenfold.files.signatures import Kind
from tenfold.files.sniff import HEAD_BYTES, sniff
from tenfold.files.validate import check_size, check_type
from tenfold.records.contract import StagedFiles
from tenfold.schema.collection import Collection
from tenfold.schema.fields import FileField
from tenfold.schema.record import Record

log = logging.getLogger(__name__)


class Upload(Protocol):
    """A file that came with a request, spooled to a local path."""

    @property
    def filename(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...


def is_upload(value: object) -> TypeGuard[Upload]:
    """Whether a value of a decoded body is an uploaded file (the API's Upload)."""
    return hasattr(value, "size_bytes") and hasattr(value, "path")


@dataclass(frozen=True, slots=True)
class _New:
    """An upload with its type and the name it will have."""

    field: FileField
    upload: Upload
    kind: Kind
    name: str


class RecordUploads:
    """The files side of record writes (records.contract.RecordFiles)."""

    def __init__(self, blobs: Blobs, random: Callable[[], str] = random_text) -> None:
        self._blobs = blobs
        self._random = random

    async def stage(
        self, collection: Collection, record_id: str, body: Mapping[str, Any]
    ) -> StagedFiles:
        """Store the uploads in `body`; their names take their place in the body returned.

        Uploads for what is no file field are left out. Nothing is stored when there are errors.
        Raises: BlobsUnavailable.
        """
        named: dict[str, Any] = {}
        new: list[_New] = []
        for key, value in body.items():
            uploads, others = _parted(value)
            if not uploads:
                named[key] = value
                continue
            field = _field_of(collection, key)
            if field is None:
                continue
            fresh = [await self._named(field, upload) for upload in _wanted(field, uploads)]
            named[key] = [*others, *(file.name for file in fresh)]
            new += fresh
        errors = _errors(new)
        if errors:
            return StagedFiles(named, errors, [])
        await self._store(collection, record_id, new)
        return StagedFiles(named, {}, [file.name for file in new])

    def check_names(
        self, record: Record, before: Record | None, staged_names: Sequence[str]
    ) -> dict[str, FieldError]:
        """Refuse names of files that the record did not have and that were not staged now."""
        errors: dict[str, FieldError] = {}
        for field in file_fields(record.collection):
            had = field.listed(before.values[field.name]) if before else []
            error = field.check_names(record.values[field.name], [*had, *staged_names])
            if error:
                errors[field.name] = error
        return errors

    async def remove(self, collection: Collection, record_id: str, names: Sequence[str]) -> None:
        """Remove files that no row names (any longer) and their thumbs.

        Never raises: the write is done, and what stays behind is the sweep's.
        """
        for name in names:
            key = file_key(collection, record_id, name)
            try:
                await self._blobs.delete(key)
                await self._blobs.delete_prefix(thumbs_prefix(key))
            except TenfoldError as error:
                log.warning("a file is left to the sweep: %s (%s)", key, error)

    async def remove_all(self, collection: Collection, record_id: str) -> None:
        """Remove every file of a deleted record; never raises."""
        await self._remove_prefix(f"{collection.id}/{record_id}/")

    async def remove_collection(self, collection: Collection) -> None:
        """Remove every file of a deleted or emptied collection; never raises."""
        await self._remove_prefix(f"{collection.id}/")

    async def _remove_prefix(self, prefix: str) -> None:
        try:
            await self._blobs.delete_prefix(prefix)
        except TenfoldError as error:
            log.warning("files are left to the sweep: %s (%s)", prefix, error)

    async def _named(self, field: FileField, upload: Upload) -> _New:
        kind = sniff(await asyncio.to_thread(_read_head, upload.path))
        return _New(field, upload, kind, stored_name(upload.filename, kind.extension, self._random))

    async def _store(self, collection: Collection, record_id: str, new: list[_New]) -> None:
        stored: list[str] = []
        try:
            for file in new:
                await self._blobs.put_file(
                    file_key(collection, record_id, file.name),
                    Path(file.upload.path),
                    content_type=file.kind.mime,
                )
                stored.append(file.name)
        except TenfoldError:
            await self.remove(collection, record_id, stored)
            raise


def _parted(value: object) -> tuple[list[Upload], list[Any]]:
    """A value's uploads, and what else it holds."""
    items = cast(list[Any], value) if isinstance(value, list) else [value]
    return [i for i in items if is_upload(i)], [i for i in items if not is_upload(i)]


def _field_of(collection: Collection, key: str) -> FileField | None:
    """The file field that "docs", "docs+" or "+docs" adds to ("docs-" adds nothing)."""
    field = collection.by_name.get(key)
    if field is None:
        field = collection.by_name.get(key.removeprefix("+") if key[0] == "+" else key.rstrip("+"))
    return field if isinstance(field, FileField) else None


def _wanted(field: FileField, uploads: list[Upload]) -> list[Upload]:
    """A single field takes the last file; of a multiple one, more than it holds are refused."""
    return uploads[: field.max_select + 1] if field.is_multiple else uploads[-1:]


def _errors(new: list[_New]) -> dict[str, FieldError]:
    """The first thing wrong with each field's new files."""
    errors: dict[str, FieldError] = {}
    for field in dict.fromkeys(file.field for file in new):
        files = [file for file in new if file.field is field]
        found = _count_error(field, files) or _file_error(field, files)
        if found:
            errors[field.name] = found
    return errors


def _count_error(field: FileField, files: list[_New]) -> FieldError | None:
    if not field.is_multiple:
        return None
    found = field.check([file.name for file in files], is_new=False)
    return found if isinstance(found, FieldError) else None


def _file_error(field: FileField, files: list[_New]) -> FieldError | None:
    for file in files:
        upload = file.upload
        error = check_size(field, upload.filename, upload.size_bytes) or check_type(
            field, file.name, file.kind.mime
        )
        if error:
            return error
    return None


def _read_head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise BlobsUnavailable("An uploaded file can't be read.") from error
