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
        return Response(error.status, msgspec.json.encode(error_value(error)))
    if isinstance(error, Unavailable):
        retry = (("retry-after", str(error.retry_after_s)),)
        body = _error_body(503, sentence(str(error)))
        return Response(503, body, JSON + retry)
    return Response(500, _error_body(500, _GENERIC))


def error_value(error: RequestError) -> dict[str, Any]:
    """PocketBase's error object: data, message, status."""
    return {
        "data": error_tree(error.errors),
        "message": sentence(error.message),
        "status": error.status,
    }


def _error_body(status: int, message: str) -> bytes:
    return msgspec.json.encode({"data": {}, "message": message, "status": status})


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
    return leaf | dict(error.extra)


def sentence(text: str) -> str:
    """Capitalise the first letter and end with a full stop, unless it ends a sentence already."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".?!" else text + "."
