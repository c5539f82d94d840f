"""/api/files: the files of records, their thumbs, and the short tokens for protected ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from tenfold.api.dispatch import NEEDS_TOKEN
from tenfold.api.http import Headers, Request, Response, Route
from tenfold.api.ranges import (
    Content,
    bytes_response,
    file_response,
    stream_response,
    wants_whole,
)
from tenfold.api.responses import shaped_json
from tenfold.blobs import BlobMeta, Blobs
from tenfold.errors import Unauthorized
from tenfold.files import Files, ServedFile
from tenfold.schema.actor import Actor, RequestFacts
from tenfold.schema.values.scalars import to_bool

FileActor = Callable[[str, Request], Awaitable[Actor | None]]
"""Who a short token proves the caller to be."""

SAFE: Headers = (
    (
        "content-security-policy",
        "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    ),
    ("cache-control", "max-age=2592000, stale-while-revalidate=86400"),
)
"""A file runs no scripts and loads nothing, whatever it holds."""

MAY_BE_FRAMED: Headers = (("x-frame-options", ""),)
"""Unlike other answers, files may be shown in frames of other pages."""


def routes(files: Files, file_token: Callable[[Actor], str], file_actor: FileActor) -> list[Route]:
    """The routes of files."""

    async def token(request: Request) -> Response:
        if request.actor is None:
            raise Unauthorized(NEEDS_TOKEN)
        return shaped_json(request, {"token": file_token(request.actor)})

    async def show(request: Request) -> Response:
        async def ask_facts() -> RequestFacts:
            actor = await file_actor(request.query.get("token", ""), request)
            return msgspec.structs.replace(await request.facts("protectedFile"), actor=actor)

        served = await files.get(
            request.params["collection"],
            request.params["recordId"],
            request.params["filename"],
            request.query.get("thumb", ""),
            ask_facts,
            is_whole=wants_whole(request),
        )
        return blob_response(request, files.blobs, served, MAY_BE_FRAMED)

    pattern = "/api/files/{collection}/{recordId}/{filename}"
    return [
        Route("POST", "/api/files/token", token),
        Route("GET", pattern, show, tags=("file",)),
    ]


def blob_response(
    request: Request, blobs: Blobs, served: ServedFile, headers: Headers = ()
) -> Response:
    """A blob, or the part of it that was asked for, as a browser may safely have it."""
    meta = served.meta
    is_shown = served.is_inline and not to_bool(request.query.get("download"))
    headers = (("content-disposition", _disposition(served.name, is_shown)), *SAFE, *headers)
    etag = f'"{meta.etag}"' if meta.etag else ""
    if served.body is not None:
        return bytes_response(
            request,
            served.body,
            content_type=served.content_type,
            etag=etag,
            modified_at=meta.modified_at.timestamp(),
            headers=headers,
        )
    path = blobs.local_path(meta.key)
    if path is not None and served.opened is None:
        return file_response(
            request, path, content_type=served.content_type, etag=etag, headers=headers
        )
    content = Content(meta.size_bytes, served.content_type, etag, meta.modified_at.timestamp())

    def read(start: int, end: int) -> AsyncIterator[bytes]:
        if served.opened is not None:
            return served.opened
        return _read(blobs, meta, start, end)

    return stream_response(request, read, content, headers)


def _disposition(name: str, is_shown: bool) -> str:
    kept = "".join(char if " " <= char <= "~" and char not in '"\\' else "_" for char in name)
    return f'{"inline" if is_shown else "attachment"}; filename="{kept}"'


async def _read(blobs: Blobs, meta: BlobMeta, start: int, end: int) -> AsyncIterator[bytes]:
    read = await blobs.get(meta.key, start, end)
    async for chunk in read.chunks:
        yield chunk
