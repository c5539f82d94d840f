"""The only table from error classes to HTTP answers."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.api.http import JSON, Response
from tenfold.errors import FieldError, FieldErrors, RequestError, Unavailable

_GENERIC = RequestError.default_message


def error_response(error: BaseException) -> Response:
    """What the client sees of an error; unknown ones show nothing of themselves."""
    if isinstance(error, RequestError):
        body = error_body(error.status, error.message, error.errors)
        return Response(error.status, body)
    if isinstance(error, Unavailable):
        retry = (("retry-after", str(error.retry_after_s)),)
        body = error_body(503, "The service is busy, try again in a moment.")
        return Response(503, body, JSON + retry)
    return Response(500, error_body(500, _GENERIC))


def error_body(status: int, message: str, errors: FieldErrors | None = None) -> bytes:
    """PocketBase's error object: data, message, status."""
    payload = {"data": error_tree(errors or {}), "message": sentence(message), "status": status}
    return msgspec.json.encode(payload)


def error_tree(errors: FieldErrors) -> dict[str, Any]:
    """Render the errors of each key, nested as they nest, sorted by key."""
    return {
        key: _leaf(item) if isinstance(item, FieldError) else error_tree(item)
        for key, item in sorted(errors.items())
    }


def _leaf(error: FieldError) -> dict[str, Any]:
    leaf: dict[str, Any] = {"code": error.code, "message": sentence(error.message)}
    if error.params:
        leaf["params"] = dict(error.params)
    return leaf


def sentence(text: str) -> str:
    """Capitalise the first letter and end with a full stop, unless it ends a sentence already."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".?!" else text + "."
