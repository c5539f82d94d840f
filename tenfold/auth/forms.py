"""Read and check the small bodies of the auth endpoints, with PocketBase's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenfold.errors import NOT_LOADED, NOT_VALID, BadRequest, FieldError
from tenfold.schema.values.faults import REQUIRED, out_of_range
from tenfold.schema.values.formats import is_email

NOT_EMAIL = FieldError("validation_is_email", "Must be a valid email address.")
NOT_EQUAL = FieldError("validation_values_mismatch", "Values don't match.")
NOT_IN = FieldError("validation_in_invalid", "Must be a valid value.")
BAD_TOKEN = FieldError("validation_invalid_token", "Invalid or expired token.")
OTHER_COLLECTION = FieldError(
    "validation_token_collection_mismatch",
    "The provided token is for different auth collection.",
)
NOT_UNIQUE = FieldError("validation_not_unique", "Value must be unique.")

MAX_TEXT = 255


def text(body: Mapping[str, Any], name: str) -> str:
    """A text of the body, its key in any case; "" when it is absent or null.

    Raises: BadRequest for other types.
    """
    value = _find(body, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRequest(NOT_LOADED)
    return value


def whole(body: Mapping[str, Any], name: str) -> int:
    """A whole number of 64 bits of the body; 0 when it is absent or null.

    Raises: BadRequest for other types.
    """
    value = _find(body, name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 63:
        raise BadRequest(NOT_LOADED)
    return value


def required(value: str, *, least: int = 1, most: int = MAX_TEXT) -> FieldError | None:
    """What is wrong with a text that must be given; its length counts in bytes."""
    if not value:
        return REQUIRED
    length = len(value.encode("utf-8", "replace"))
    return None if least <= length <= most else out_of_range(least, most)


def required_email(value: str) -> FieldError | None:
    """What is wrong with a text that must be an e-mail address."""
    return required(value) or (None if is_email(value) else NOT_EMAIL)


def refuse(message: str = NOT_VALID, /, **faults: FieldError | None) -> None:
    """Raises: BadRequest with the faults that there are, if any."""
    found = {name: fault for name, fault in faults.items() if fault is not None}
    if found:
        raise BadRequest(message, found)


def _find(body: Mapping[str, Any], name: str) -> Any:
    value = body.get(name)
    if value is not None:
        return value
    return next((v for k, v in body.items() if k.lower() == name.lower()), None)
