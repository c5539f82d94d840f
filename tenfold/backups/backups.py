"""Backups: made while the service runs, kept on disk or in a bucket, and put back."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from tenfold.backups import pending
from tenfold.backups.contract import BackupFile, DataFolder, Progress, unheard
from tenfold.backups.create import pack
from tenfold.backups.names import (
    AUTO_PREFIX,
    TAKEN,
    check_new_name,
    existing_name,
    made_up_name,
    refused,
    uploaded_name,
)
from tenfold.backups.restore import stage
from tenfold.backups.turns import BackupTurn
from tenfold.blobs import BlobExists, BlobMeta, BlobMissing, Blobs
from tenfold.errors import BadRequest, FieldError, NotFound, OperatorError, Unavailable
from tenfold.files import HEAD_BYTES, same_type, sniff, stored_name

ZIP = "application/zip"
WORK_FOLDER = ".backup"

MISSING = "Missing or invalid backup file."
UPLOAD_TAKEN = FieldError(
    "validation_backup_name_exists", "Backup file with the specified name already exists."
)


class Upload(Protocol):
    """An archive that came with a request, spooled to a local path."""

    @property
    def filename(self) -> str: ...

    @property
    def path(self) -> str: ...


class Stopped(Unavailable):
    """The service stops: a backup under way is given up."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Backups:
    """The backups of one data folder; `files` are the records', `archives` the backups' blobs."""

    def __init__(
        self,
        data: DataFolder,
        files: Blobs,
        archives: Blobs,
        app_name: Callable[[], str],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.archives = archives
        self._data = data
        self._files = files
        self._app_name = app_name
        self.now = now
        self._turn = BackupTurn(data.path)
        self._is_stopping = threading.Event()

    # --- the archives -------------------------------------------------------------------

    async def list(self) -> list[BackupFile]:
        """All archives, by name."""
        found = [_described(meta) async for meta in self.archives.list() if "/" not in meta.key]
        return sorted(found, key=lambda backup: backup.name)

    async def get(self, name: str) -> BlobMeta:
        """One archive. Raises: NotFound."""
        try:
            return await self.archives.head(existing_name(name))
        except BlobMissing as error:
            raise NotFound from error

    async def delete(self, name: str) -> None:
        """Remove an archive. Raises: BadRequest when there is none."""
        try:
            await self.get(name)
        except NotFound as error:
            raise BadRequest("Invalid or already deleted backup file.") from error
        await self.archives.delete(name)

    async def upload(self, upload: Upload) -> None:
        """Keep an archive made elsewhere under its own name. Raises: BadRequest."""
        name = uploaded_name(upload.filename)
        if await self._exists(name):
            raise refused("file", UPLOAD_TAKEN)
        kind = sniff(await asyncio.to_thread(_read_head, upload.path))
        if not same_type(kind.mime, ZIP):
            shown = stored_name(upload.filename, kind.extension)
            message = f'"{shown}" mime type must be one of: {ZIP}.'
            raise refused("file", FieldError("validation_invalid_mime_type", message))
        try:
            await self.archives.put_file(
                name, Path(upload.path), content_type=ZIP, must_be_new=True
            )
        except BlobExists as error:
            raise refused("file", UPLOAD_TAKEN) from error

    def is_free(self) -> bool:
        """Whether no backup or restore is under way."""
        return self._turn.is_free()

    def stop(self) -> None:
        """Give up what is under way; for the end of the process."""
        self._is_stopping.set()

    # --- create -------------------------------------------------------------------------

    async def create(self, name: str = "", progress: Progress = unheard) -> BackupFile:
        """Back everything up: the database as of one moment, and every file it names.

        Raises: BadRequest for a bad or taken name, when another one is under way, or when the
        disk refuses.
        """
        if name:
            check_new_name(name)
            if await self._exists(name):
                raise refused("name", TAKEN)
            return await self._create(name, progress)
        made_up = made_up_name(self._app_name(), self.now())
        return await self._create(made_up, progress, must_be_new=False)

    async def run_scheduled(self, keep: int) -> None:
        """Make the backup that the clock asked for; of these the last `keep` stay."""
        name = made_up_name(self._app_name(), self.now(), is_auto=True)
        await self._create(name, unheard, must_be_new=False)
        made = [backup for backup in await self.list() if backup.name.startswith(AUTO_PREFIX)]
        made.sort(key=lambda backup: (backup.modified_at, backup.name))
        for old in made[: max(0, len(made) - max(keep, 1))]:
            await self.archives.delete(old.name)

    async def _create(
        self, name: str, progress: Progress, *, must_be_new: bool = True
    ) -> BackupFile:
        with self._turn.held():
            try:
                async with self._work_folder() as folder:
                    archive = await pack(
                        self._data, self._files, folder, self.now(), self._heeding(progress)
                    )
                    await self.archives.put_file(
                        name, archive, content_type=ZIP, must_be_new=must_be_new
                    )
            except BlobExists as error:
                raise refused("name", TAKEN) from error
            except (OperatorError, OSError) as error:
                raise BadRequest(f"Failed to create backup. Raw error: \n{_told(error)}") from error
        return _described(await self.archives.head(name))

    # --- restore ------------------------------------------------------------------------

    async def restore(self, name: str, progress: Progress = unheard) -> None:
        """Prepare an archive's data to replace all data at the next start of the service.

        Raises: BadRequest when it is missing, broken, or can't be opened; nothing changes then.
        """
        try:
            meta = await self.get(name)
        except NotFound as error:
            raise BadRequest(MISSING) from error
        path = self.archives.local_path(name)
        if path is not None:
            await self.restore_file(path, name, progress)
            return
        with self._turn.held():
            async with self._work_folder() as folder:
                heeding = self._heeding(progress)
                fetched = await self._fetched(meta, folder / "archive.zip", heeding)
                await self._prepare(fetched, name, heeding)

    async def restore_file(self, path: Path, name: str, progress: Progress = unheard) -> None:
        """The same with an archive that lies anywhere on this host."""
        with self._turn.held():
            await self._prepare(path, name, self._heeding(progress))

    async def _prepare(self, path: Path, name: str, progress: Progress) -> None:
        folder = self._data.path
        if pending.is_pending(folder):
            raise BadRequest("Another restore waits for the service to start again.")
        staging = pending.staging(folder)
        await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)
        try:
            staging.mkdir()
            parts = await stage(self._data, path, progress)
            await asyncio.to_thread(pending.announce, folder, name, parts)
        except (OperatorError, OSError) as error:
            await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)
            raise BadRequest(f"Failed to restore backup. Raw error: \n{_told(error)}") from error
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    async def _fetched(self, meta: BlobMeta, path: Path, progress: Progress) -> Path:
        """Bring an archive here from a bucket."""
        if meta.size_bytes > shutil.disk_usage(path.parent).free:
            raise BadRequest("There is no room for the archive on the disk.")
        read = await self.archives.get(meta.key)
        done = 0
        with path.open("xb") as file:
            async for chunk in read.chunks:
                await asyncio.to_thread(file.write, chunk)
                done += len(chunk)
                progress("fetching", done, meta.size_bytes)
        return path

    # --- both ---------------------------------------------------------------------------

    async def _exists(self, name: str) -> bool:
        try:
            await self.archives.head(name)
        except BlobMissing:
            return False
        return True

    @asynccontextmanager
    async def _work_folder(self) -> AsyncGenerator[Path]:
        """A folder for what is half done; the turn must be held. Leftovers of a crash go."""
        top = self._data.path / WORK_FOLDER
        await asyncio.to_thread(shutil.rmtree, top, ignore_errors=True)
        folder = top / uuid4().hex
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(top, ignore_errors=True)

    def _heeding(self, progress: Progress) -> Progress:
        """Progress that also ends the work when the service stops."""

        def heed(doing: str, done: int, total: int) -> None:
            if self._is_stopping.is_set():
                raise Stopped("The service stops.")
            progress(doing, done, total)

        return heed


def _described(meta: BlobMeta) -> BackupFile:
    return BackupFile(meta.key, meta.size_bytes, meta.modified_at)


def _read_head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD_BYTES)


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    hint = error.hint if isinstance(error, OperatorError) and error.hint else ""
    return f"{error} {hint}".strip()
