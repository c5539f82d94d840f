"""The adapters that the stored settings name; a part of the composition root."""

from __future__ import annotations

from pathlib import Path

from tenfold.administration import S3, SMTP
from tenfold.blobs import Blobs
from tenfold.blobs.disk import DiskBlobs
from tenfold.blobs.probe import probe
from tenfold.blobs.s3 import S3Blobs, S3Location
from tenfold.mail import Mail
from tenfold.mail.log import LogMail
from tenfold.mail.smtp import SmtpMail, SmtpServer


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
