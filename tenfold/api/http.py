"""Requests, responses and routes: the only HTTP types, and they stay in this room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tenfold.schema.actor import Actor, RequestFacts

Headers = tuple[tuple[str, str], ...]

JSON: Headers = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body, held in memory up to the body limit or spooled to disk."""

    filename: str
    content_type: str
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Response:
    """A finished answer. Exactly one of `body`, `file` and `stream` carries the content."""

    status: int = 200
    body: bytes = b""
    headers: Headers = JSON
    stream: AsyncIterator[bytes] | None = None


class Request(Protocol):
    """What a handler sees of a request; bodies are read on demand, within limits."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def params(self) -> Mapping[str, str]:
        """The values of the route's {placeholders}, percent-decoded."""
        ...

    @property
    def query(self) -> Mapping[str, str]:
        """Query parameters; the first value of each."""
        ...

    @property
    def client_ip(self) -> str:
        """The caller's address, taken from a proxy's header only where settings trust it."""
        ...

    @property
    def actor(self) -> Actor | None:
        """Who the Authorization header proves the caller to be."""
        ...

    def header(self, name: str) -> str:
        """A header by its lower-case name; "" when absent."""
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


@dataclass(frozen=True, slots=True)
class Route:
    """`GET /api/collections/{collection}/records` and what answers it.

    `body_limit_bytes` overrides the default limit (32 MiB); `superuser_only` is checked
    before the handler runs.
    """

    method: str
    pattern: str
    handler: Handler
    superuser_only: bool = False
    body_limit_bytes: int | None = None
    tags: tuple[str, ...] = field(default=())
