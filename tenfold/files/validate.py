"""What a file field demands of an upload, with PocketBase's errors."""

from __future__ import annotations

from tenfold.errors import FieldError
from tenfold.files.sniff import same_type
from tenfold.schema.fields import FileField

DEFAULT_MAX_BYTES = 5 << 20


def check_size(field: FileField, original_name: str, size_bytes: int) -> FieldError | None:
    """Refuse a file that is over the field's limit."""
    limit = field.max_size or DEFAULT_MAX_BYTES
    if size_bytes <= limit:
        return None
    return FieldError(
        "validation_file_size_limit",
        f"Failed to upload {original_name} - the maximum allowed file size is {limit} bytes.",
        {"file": original_name, "maxSize": limit},
    )


def check_type(field: FileField, name: str, mime: str) -> FieldError | None:
    """Refuse a file whose content is of none of the field's types."""
    if not field.mime_types or any(same_type(mime, wanted) for wanted in field.mime_types):
        return None
    return FieldError(
        "validation_invalid_mime_type",
        f'"{name}" mime type must be one of: {", ".join(field.mime_types)}.',
    )
