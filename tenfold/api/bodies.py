"""Read request bodies: bounded in size and time, never half.

granian's stream of chunks ends quietly when the client breaks off, so a body is only whole
when its declared length arrived; a body of unknown length is whole when its stream ended with
exactly one empty chunk (a broken one ends with two).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, TypeVar

from tenfold.api.forms import form_object, strict_pairs
from tenfold.api.http import Upload
from tenfold.api.json_text import json_object
from tenfold.api.multipart import MultipartForm, boundary_of
from tenfold.api.rsgi import BodyRead, HttpProtocol, ProtocolClosed, Scope
from tenfold.errors import BadRequest, PayloadTooLarge, RequestError

IDLE_LIMIT_S = 30.0

# Bodies up to this size are taken in one step: their length is declared, so memory is bounded.
_ONE_STEP_BYTES = 1 << 20

# Bodies up to this size are parsed at once, in a millisecond or two at most.
_AT_ONCE_BYTES = 64 << 10

_SKIP_LIMIT_S = 1.0

_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})

A = TypeVar("A")
T = TypeVar("T")


class SlowBody(BadRequest):
    """The client took too long to send its body; the connection is closed after the answer."""

    status = 408
    default_message = "The request body took too long to arrive."


class BrokenBody(BadRequest):
    """The body stopped early or was framed wrongly; the connection is closed after the answer."""


def begin_read(scope: Scope, proto: HttpProtocol) -> BodyRead | None:
    """Begin to read the body now if it is small and whole, else not yet. From any thread."""
    if scope.method not in _WITH_BODY:
        return None
    length = scope.headers.get("content-length")
    if not length or len(length) > 5 or not length.isdigit() or int(length) > _AT_ONCE_BYTES:
        return None
    if (scope.headers.get("content-type") or "").lower().startswith("multipart/"):
        return None
    return proto()


class BodyReader:
    """The body of one request, parsed once however often it is asked for."""

    __slots__ = (
        "_begun",
        "_content_length",
        "_content_type",
        "_is_begun",
        "_limit_bytes",
        "_object",
        "_raw",
        "_source",
        "_temp_folder",
        "_time_limit_s",
        "is_taken",
        "uploads",
    )

    def __init__(
        self,
        source: HttpProtocol,
        *,
        content_type: str,
        content_length: int | None,
        limit_bytes: int,
        temp_folder: str,
        time_limit_s: float = 60.0,
        begun: BodyRead | None = None,
    ) -> None:
        self._source = source
        self._content_type = content_type
        self._content_length = content_length
        self._limit_bytes = limit_bytes
        self._temp_folder = temp_folder
        self._time_limit_s = time_limit_s
        self._begun = begun
        self._raw: bytes | None = None
        self._object: dict[str, Any] | None = None
        self.uploads: list[Upload] = []
        self._is_begun = False
        self.is_taken = content_length == 0
        """Whether nothing of the body is left on the connection."""

    async def skip(self) -> None:
        """Take a small body that nobody asked for off the connection; never raises."""
        length = self._content_length
        if self._is_begun or length is None or length > _AT_ONCE_BYTES:
            return
        with suppress(RequestError, TimeoutError):
            async with asyncio.timeout(_SKIP_LIMIT_S):
                await self.read()

    def refuse_large(self) -> None:
        """Refuse by the declared length alone. Raises: PayloadTooLarge."""
        length = self._content_length
        if self._limit_bytes and length is not None and length > self._limit_bytes:
            raise PayloadTooLarge()

    async def read(self) -> bytes:
        """The whole raw body."""
        if self._raw is None:
            self.refuse_large()
            self._raw = await self._read_raw()
        return self._raw

    async def object(self) -> dict[str, Any]:
        """The body as one object, by its content type. Raises: BadRequest."""
        if self._object is None:
            self._object = await self._parse()
        return self._object

    async def _parse(self) -> dict[str, Any]:
        kind = self._content_type.lower()
        if kind.startswith("multipart/form-data"):
            return await self._parse_multipart()
        body = await self.read()
        if not body:
            return {}
        if kind.startswith("application/json"):
            return await _aside(len(body), json_object, body)
        if kind.startswith("application/x-www-form-urlencoded"):
            return await _aside(len(body), _form, body)
        raise BadRequest("Unsupported Content-Type.")

    async def _parse_multipart(self) -> dict[str, Any]:
        self.refuse_large()
        form = MultipartForm(boundary_of(self._content_type), self._temp_folder, self.uploads)
        try:
            async for chunk in self._chunks():
                form.feed(chunk)
            values = form.finish()
            return await _aside(form.text_bytes, form_object, values)
        finally:
            form.close()

    async def _read_raw(self) -> bytes:
        length = self._content_length
        if length == 0:
            return b""
        self._is_begun = True
        if length is not None and length <= _ONE_STEP_BYTES:
            return await self._read_in_one_step()
        parts = [chunk async for chunk in self._chunks()]
        return b"".join(parts)

    async def _read_in_one_step(self) -> bytes:
        reading = self._begun or self._source()
        try:
            if reading.done():
                body = reading.result()
            else:
                async with asyncio.timeout(min(IDLE_LIMIT_S, self._time_limit_s)):
                    body = await reading
        except ProtocolClosed as error:
            raise BrokenBody() from error
        except TimeoutError as error:
            raise SlowBody() from error
        self.is_taken = True
        return body

    async def _chunks(self) -> AsyncIterator[bytes]:
        self._is_begun = True
        received, empty_count = 0, 0
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._time_limit_s
        chunks = self._source.__aiter__()
        while True:
            chunk = await _next_chunk(chunks, ends_at - loop.time())
            if chunk is None:
                break
            if not chunk:
                empty_count += 1
                continue
            received += len(chunk)
            if self._limit_bytes and received > self._limit_bytes:
                raise PayloadTooLarge()
            yield chunk
        self._refuse_half(received, empty_count)
        self.is_taken = True

    def _refuse_half(self, received: int, empty_count: int) -> None:
        if self._content_length is None:
            if empty_count > 1:
                raise BrokenBody()
        elif received != self._content_length:
            raise BrokenBody()


async def _next_chunk(chunks: Any, left_s: float) -> bytes | None:
    try:
        async with asyncio.timeout(min(IDLE_LIMIT_S, left_s)):
            return await anext(chunks)
    except StopAsyncIteration:
        return None
    except ProtocolClosed as error:
        raise BrokenBody() from error
    except TimeoutError as error:
        raise SlowBody() from error


async def _aside(size_bytes: int, parse: Callable[[A], T], raw: A) -> T:
    """Parse; in a thread where it may take long, so that the other requests go on."""
    if size_bytes <= _AT_ONCE_BYTES:
        return parse(raw)
    return await asyncio.to_thread(parse, raw)


def _form(body: bytes) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    for name, value in strict_pairs(body.decode("utf-8", "replace")):
        values.setdefault(name, []).append(value)
    return form_object(values)
