"""How backups may be called, and how they are called when nobody says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath

from tenfold.blobs import BlobMissing, check_key
from tenfold.errors import NOT_VALID, BadRequest, FieldError, NotFound

MAX_LENGTH = 150
AUTO_PREFIX = "@auto_"

_NAME = re.compile(r"[a-z0-9_-]+\.zip", re.ASCII)
_NOT_IN_NAME = re.compile(r"[\W_]+", re.ASCII)

LENGTH = FieldError(
    "validation_length_out_of_range",
    f"The length must be between 1 and {MAX_LENGTH}.",
    {"max": MAX_LENGTH, "min": 1},
)
FORMAT = FieldError("validation_match_invalid", "Must be in a valid format.")
TAKEN = FieldError(
    "validation_backup_name_exists", "The backup file name is invalid or already exists."
)


def refused(key: str, error: FieldError) -> BadRequest:
    """What tells a client that one key of its input is wrong."""
    return BadRequest(NOT_VALID, {key: error})


def check_new_name(name: str) -> None:
    """Whether a new backup may be called so. Raises: BadRequest."""
    if len(name) > MAX_LENGTH:
        raise refused("name", LENGTH)
    if not _NAME.fullmatch(name):
        raise refused("name", FORMAT)


def made_up_name(app_name: str, now: datetime, *, is_auto: bool = False) -> str:
    """A name that tells the application and the moment."""
    app = _NOT_IN_NAME.sub("_", app_name).strip("_").lower()[:50]
    prefix = AUTO_PREFIX if is_auto else ""
    return f"{prefix}pb_backup_{app or 'app'}_{now:%Y%m%d%H%M%S}.zip"


def uploaded_name(filename: str) -> str:
    """The name of an uploaded archive: the last part of what the client sent.

    Raises: BadRequest when no file can have it.
    """
    name = PurePosixPath(filename.replace("\\", "/")).name
    try:
        return existing_name(name)
    except NotFound:
        raise refused("file", FORMAT) from None


def existing_name(name: str) -> str:
    """A name that a backup can have at all. Raises: NotFound."""
    try:
        check_key(name)
    except BlobMissing:
        raise NotFound from None
    if "/" in name or name.startswith("."):
        raise NotFound
    return name
