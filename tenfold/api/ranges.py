"""Answers with a known length: conditions (ETag, dates) and byte ranges, as RFC 9110 has them.

One range is served; for several at once the whole content is, which the RFC allows.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

from tenfold.api.http import Headers, Request, Response
from tenfold.errors import NotFound

_INVALID = b"invalid range\n"
_NARROWING = (
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
)
_NO_OVERLAP = b"invalid range: failed to overlap\n"


@dataclass(frozen=True, slots=True)
class Content:
    """What the conditions of a request are held against.

    `etag` includes its quotes, "" is none; `modified_at` is in seconds since 1970, 0 is unknown.
    """

    size_bytes: int
    content_type: str
    etag: str = ""
    modified_at: float = 0.0


def wants_whole(request: Request) -> bool:
    """Whether nothing but the whole content can be the answer."""
    return request.method == "GET" and not any(request.header(name) for name in _NARROWING)


def file_response(
    request: Request,
    path: str | Path,
    *,
    content_type: str,
    etag: str = "",
    modified_at: float | None = None,
    headers: Headers = (),
) -> Response:
    """A file on disk, or the part of it that was asked for; its own time if none is given.

    Raises: NotFound when there is no such file.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise NotFound() from error
    changed_at = found.st_mtime if modified_at is None else modified_at
    content = Content(found.st_size, content_type, etag, changed_at)

    def fill(status: int, all_headers: Headers, start: int, end: int) -> Response:
        if status == 206:
            return Response(status, b"", all_headers, file=str(path), file_range=(start, end))
        return Response(status, b"", all_headers, file=str(path))

    return _answer(request, content, headers, fill)


def bytes_response(
    request: Request,
    body: bytes,
    *,
    content_type: str,
    etag: str = "",
    modified_at: float = 0.0,
    headers: Headers = (),
) -> Response:
    """Content in memory, or the part of it that was asked for."""
    content = Content(len(body), content_type, etag, modified_at)

    def fill(status: int, all_headers: Headers, start: int, end: int) -> Response:
        return Response(status, body[start:end], all_headers)

    return _answer(request, content, headers, fill)


def stream_response(
    request: Request,
    open_range: Callable[[int, int], AsyncIterator[bytes]],
    content: Content,
    headers: Headers = (),
) -> Response:
    """Content that is fetched while it is sent; `open_range(start, end)` is half-open."""

    def fill(status: int, all_headers: Headers, start: int, end: int) -> Response:
        return Response(status, b"", all_headers, stream=open_range(start, end))

    return _answer(request, content, headers, fill)


_Fill = Callable[[int, Headers, int, int], Response]


def _answer(request: Request, content: Content, headers: Headers, fill: _Fill) -> Response:
    validators = _validators(content)
    status = _precondition(request, content)
    if status == 412:
        kind = (("content-type", content.content_type),)
        return Response(status, b"", kind + validators + headers)
    if status:
        return Response(status, b"", validators + headers)
    if request.header("range") and _range_applies(request, content):
        return _ranged(request, content, headers, fill)
    return _whole(content, validators + headers, fill)


def _ranged(request: Request, content: Content, headers: Headers, fill: _Fill) -> Response:
    asked = request.header("range")
    spans = _spans(asked[6:], content.size_bytes) if asked.startswith("bytes=") else None
    if spans is None:
        return _refused(_INVALID, headers)
    if not spans and asked[6:].strip(" ,"):
        star = (("content-range", f"bytes */{content.size_bytes}"),)
        return _refused(_NO_OVERLAP, star + headers)
    all_headers = _validators(content) + headers
    if len(spans) != 1:
        return _whole(content, all_headers, fill)
    start, end = spans[0]
    part = (("content-range", f"bytes {start}-{end - 1}/{content.size_bytes}"),)
    return fill(206, _head(content, end - start) + part + all_headers, start, end)


def _whole(content: Content, headers: Headers, fill: _Fill) -> Response:
    return fill(200, _head(content, content.size_bytes) + headers, 0, content.size_bytes)


def _head(content: Content, length: int) -> Headers:
    return (
        ("accept-ranges", "bytes"),
        ("content-type", content.content_type),
        ("content-length", str(length)),
    )


def _refused(body: bytes, headers: Headers) -> Response:
    kept = tuple(pair for pair in headers if pair[0] != "cache-control")
    return Response(416, body, (("content-type", "text/plain; charset=utf-8"), *kept))


def _validators(content: Content) -> Headers:
    headers: Headers = ()
    if content.etag:
        headers += (("etag", content.etag),)
    if content.modified_at:
        headers += (("last-modified", formatdate(content.modified_at, usegmt=True)),)
    return headers


def _precondition(request: Request, content: Content) -> int:
    """304 or 412 when a condition of the request ends it, else 0."""
    wanted = request.header("if-match")
    if wanted and not _names(wanted, content.etag, is_strong=True):
        return 412
    since = _date(request.header("if-unmodified-since"))
    if not wanted and since and content.modified_at and int(content.modified_at) > since:
        return 412
    known = request.header("if-none-match")
    if known:
        return 304 if _names(known, content.etag, is_strong=False) else 0
    since = _date(request.header("if-modified-since"))
    if since and content.modified_at and int(content.modified_at) <= since:
        return 304
    return 0


def _range_applies(request: Request, content: Content) -> bool:
    condition = request.header("if-range")
    if not condition:
        return True
    if '"' in condition:
        return _names(condition, content.etag, is_strong=True)
    return bool(content.modified_at) and _date(condition) == int(content.modified_at)


def _names(listed: str, etag: str, *, is_strong: bool) -> bool:
    """Whether a list of entity tags names this one; weak ones count unless `is_strong`."""
    if listed.strip() == "*":
        return True
    if not etag or (is_strong and etag.startswith("W/")):
        return False
    tags = [tag.strip() for tag in listed.split(",")]
    if is_strong:
        return etag in tags
    return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in tags]


def _date(text: str) -> int:
    """Seconds since 1970; 0 for none or nonsense."""
    if not text:
        return 0
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return 0


def _spans(text: str, size: int) -> list[tuple[int, int]] | None:
    """Half-open spans that overlap the content; None when the text is malformed."""
    spans: list[tuple[int, int]] = []
    for part in text.split(",", 100):
        part = part.strip()
        if not part:
            continue
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not dash or not all(
            piece.isdecimal() and piece.isascii() for piece in (first, last) if piece
        ):
            return None
        span = _span(first[:20], last[:20], size)
        if span is None:
            return None
        if span[0] < span[1]:
            spans.append(span)
    return spans


def _span(first: str, last: str, size: int) -> tuple[int, int] | None:
    if not first:
        return (max(0, size - int(last)), size) if last else None
    start = int(first)
    end = min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None
    return (start, end)
