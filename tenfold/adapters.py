"""The adapters that the settings name; a part of the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tenfold.administration import S3, SMTP, SettingsRoom
from tenfold.backups import Backups, DataFolder
from tenfold.blobs import Blobs
from tenfold.blobs.disk import DiskBlobs
from tenfold.blobs.probe import probe
from tenfold.blobs.s3 import S3Blobs
from tenfold.blobs.s3_location import S3Location
from tenfold.errors import BadRequest
from tenfold.imports import Import
from tenfold.mail import Mail
from tenfold.mail.log import LogMail
from tenfold.mail.smtp import SmtpMail, SmtpServer
from tenfold.moves import placed
from tenfold.settings import SQLITE, Settings, SettingsError
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_snapshot import check_snapshot, take_snapshot


def mail_by(smtp: SMTP) -> Mail:
    """The way mails go: over SMTP, or into the log where it is off."""
    if not smtp.enabled:
        return LogMail()
    return SmtpMail(
        SmtpServer(
            host=smtp.host,
            port=smtp.port,
            username=smtp.username,
            password=smtp.password,
            auth_method=smtp.auth_method,
            tls=smtp.tls,
            local_name=smtp.local_name,
        )
    )


def blobs_in(s3: S3, folder: Path) -> Blobs:
    """The place of blobs: a bucket, or a folder where S3 is off."""
    return s3_blobs(s3) if s3.enabled else DiskBlobs(folder)


def files_in(s3: S3, settings: Settings) -> Blobs:
    """The place of the records' files: the stored bucket, else the boot setting's, else disk."""
    if settings.blobs and not s3.enabled:
        return S3Blobs(bucket_at_boot(settings))
    return blobs_in(s3, storage_folder(settings))


def check_places(settings: Settings) -> None:
    """Look at the URLs that the boot settings name. Raises: SettingsError."""
    if settings.blobs:
        bucket_at_boot(settings)


def bucket_at_boot(settings: Settings) -> S3Location:
    """The bucket of the setting `blobs`. Raises: SettingsError."""
    try:
        return S3Location.parse(settings.blobs)
    except ValueError as error:
        raise SettingsError([f"blobs must be {error}"]) from None


def s3_blobs(s3: S3) -> S3Blobs:
    """The bucket that some settings name."""
    return S3Blobs(
        S3Location(
            bucket=s3.bucket,
            region=s3.region,
            endpoint=s3.endpoint,
            access_key=s3.access_key,
            secret=s3.secret,
            force_path_style=s3.force_path_style,
        )
    )


async def probe_s3(s3: S3) -> None:
    """Try a bucket with a small file. Raises: BlobsUnavailable."""
    await probe(s3_blobs(s3))


def storage_folder(settings: Settings) -> Path:
    """Where the files of records lie while they are kept on disk."""
    return settings.dir / "storage"


def backups_folder(settings: Settings) -> Path:
    """Where backups lie while they are kept on disk."""
    return settings.dir / "backups"


def backups_of(
    settings: Settings, files: Blobs, archives: Blobs, app_name: Callable[[], str]
) -> Backups:
    """The backups of the data folder."""
    key = settings.encryption_key

    async def check(folder: Path) -> None:
        await asyncio.to_thread(check_snapshot, folder / "data.db")
        store = SqliteStore(folder)
        await store.open()
        try:
            await SettingsRoom(store, key).open()
        finally:
            await store.close()

    async def convert(source: Path, target: Path) -> None:
        await Import(
            source=source,
            target=target,
            open_store=SqliteStore,
            open_blobs=lambda folder: DiskBlobs(folder / "storage"),
            progress=_Silence(),
            source_key=key,
            target_key=key,
        ).run()

    def snapshot(folder: Path, target: Path, progress: Callable[[int, int], None]) -> None:
        # As of now: a move may have happened since the service was started.
        is_here = placed(settings).store == SQLITE
        (take_snapshot if is_here else _no_snapshot)(folder, target, progress)

    return Backups(DataFolder(settings.dir, snapshot, check, convert), files, archives, app_name)


def _no_snapshot(folder: Path, target: Path, progress: Callable[[int, int], None]) -> None:
    """Raises: BadRequest; a database of its own is backed up by its own tools."""
    raise BadRequest("Backups of this database are made with its own tools (mariadb-backup).")


class _Silence:
    """Progress that nobody watches."""

    def begin(self, rows: int, files_bytes: int) -> None: ...

    def advance(self, *, rows: int = 0, files_bytes: int = 0, doing: str = "") -> None: ...
