"""Make responses; nothing else builds one by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from tenfold.api.http import Headers, Request, Response
from tenfold.records.shape import parse_shape

_EMPTY: Headers = ()
_TEXT: Headers = (("content-type", "text/plain; charset=utf-8"),)
_HTML: Headers = (("content-type", "text/html; charset=utf-8"),)
_EVENTS: Headers = (
    ("content-type", "text/event-stream"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
)

_encode = msgspec.json.Encoder().encode


def json_response(value: Any, status: int = 200, headers: Headers = ()) -> Response:
    """A value as JSON."""
    if headers:
        return Response(status, _encode(value), (("content-type", "application/json"), *headers))
    return Response(status, _encode(value))


def shaped_json(request: Request, value: Any, status: int = 200) -> Response:
    """A value as JSON, or the part of it that the `fields` parameter picks.

    `value` is made of dicts, lists and scalars. Raises: BadRequest for malformed `fields`.
    """
    shape = parse_shape(request.query.get("fields", "")) if request.query_string else None
    return json_response(shape.pick(value) if shape else value, status)


def no_content() -> Response:
    """204, without a body."""
    return Response(204, b"", _EMPTY)


def text(body: str, status: int = 200) -> Response:
    """Plain text."""
    return Response(status, body.encode(), _TEXT)


def html(body: str, status: int = 200) -> Response:
    """A page."""
    return Response(status, body.encode(), _HTML)


def redirect(url: str, status: int = 307) -> Response:
    """Send the client to another address."""
    return Response(status, b"", (("location", url),))


def event_stream(chunks: AsyncIterator[bytes]) -> Response:
    """Server-sent events; the iterator is closed when the client leaves or the server stops."""
    return Response(200, b"", _EVENTS, stream=chunks, is_endless=True)


def stream(
    chunks: AsyncIterator[bytes], content_type: str, headers: Headers = (), status: int = 200
) -> Response:
    """A body that is made while it is sent."""
    return Response(status, b"", (("content-type", content_type), *headers), stream=chunks)
