"""Requests, responses and routes: the only HTTP types, and they stay in this room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from tenfold.schema.actor import Actor, RequestFacts

Headers = tuple[tuple[str, str], ...]

JSON: Headers = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a request body may take where its route sets nothing else.

    `time_s` is for the whole body; a client that sends nothing for 30 s is cut off sooner.
    """

    size_bytes: int = 32 << 20
    time_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body, spooled to `path` in the temp folder of the data folder.

    `filename` is what the client sent, unsanitised. The file is removed when the request ends,
    unless it was renamed away before.
    """

    filename: str
    content_type: str
    path: str
    size_bytes: int


class Response(msgspec.Struct, frozen=True):
    """A finished answer. At most one of `body`, `file` and `stream` carries the content.

    `file_range` is the half-open byte range of `file` to send. A stream is closed when the
    client leaves; one that is `endless` (server-sent events) is also cut when the server stops.
    """

    status: int = 200
    body: bytes = b""
    headers: Headers = JSON
    stream: AsyncIterator[bytes] | None = None
    file: str = ""
    file_range: tuple[int, int] | None = None
    is_endless: bool = False


class Request(Protocol):
    """What a handler sees of a request; bodies are read on demand, within limits."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def route(self) -> Route:
        """The route that matched."""
        ...

    @property
    def params(self) -> Mapping[str, str]:
        """The values of the route's {placeholders}, percent-decoded."""
        ...

    @property
    def query_string(self) -> str:
        """The query as it was sent, still percent-encoded."""
        ...

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters; the first value of each."""
        ...

    @property
    def query_lists(self) -> Mapping[str, list[str]]:
        """Query parameters; all values of each, in order."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """All headers, lower-case names; the first value of each."""
        ...

    @property
    def host(self) -> str:
        """The host and port the client asked for."""
        ...

    @property
    def scheme(self) -> str: ...

    @property
    def client_ip(self) -> str:
        """The caller's address, taken from a proxy's header only where settings trust it."""
        ...

    @property
    def remote_ip(self) -> str:
        """The address of the other end of the connection."""
        ...

    @property
    def token(self) -> str:
        """The Authorization header without "Bearer "; "" when there is none."""
        ...

    @property
    def actor(self) -> Actor | None:
        """Who the Authorization header proves the caller to be."""
        ...

    def header(self, name: str) -> str:
        """A header by its lower-case name; "" when absent."""
        ...

    async def body(self) -> bytes:
        """The raw body. Raises: PayloadTooLarge, BadRequest when it stops early."""
        ...

    async def json(self) -> dict[str, Any]:
        """The body as an object: JSON, form or multipart (files under their keys as Upload lists).

        Raises: BadRequest for malformed bodies, PayloadTooLarge over the limit.
        """
        ...

    async def facts(self, context: str = "default") -> RequestFacts:
        """The request as rules see it."""
        ...


Handler = Callable[[Request], Awaitable[Response]]
BodyLimit = Callable[[Request], int]


@dataclass(frozen=True, slots=True)
class Route:
    """`GET /api/collections/{collection}/records` and what answers it.

    The last segment may be `{path...}`: everything that is left, also nothing.
    `body_limit_bytes` overrides the usual limit (BodyLimits; 0 is no limit) and may depend on the
    request; `superuser_only` is checked before the handler runs; `tags` name the route for rate
    limits ("list", "auth" ...).
    """

    method: str
    pattern: str
    handler: Handler
    superuser_only: bool = False
    body_limit_bytes: int | BodyLimit | None = None
    tags: tuple[str, ...] = field(default=())
