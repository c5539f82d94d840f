"""Stand-ins for granian's scope and protocol: what is sent in, and what came out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from tenfold.api.dispatch import Gateway
from tenfold.api.rsgi import BodyRead, HttpProtocol, StreamTransport

Pairs = Sequence[tuple[str, str]]


class Headers:
    """Headers as granian gives them: lower-case names, `get` gives the first value."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = [(name.lower(), value) for name, value in pairs]

    def get(self, key: str, default: str | None = None) -> str | None:
        return next((value for name, value in self._pairs if name == key), default)

    def items(self) -> list[tuple[str, str]]:
        return list(self._pairs)


@dataclass
class FakeScope:
    """One request's head."""

    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    headers: Headers = field(default_factory=lambda: Headers(()))
    client: str = "9.9.9.9:1234"
    scheme: str = "http"
    authority: str | None = None
    proto: str = "http"


class FakeProto:
    """Feeds a body's chunks and keeps the answer."""

    def __init__(self, chunks: Sequence[bytes] = ()) -> None:
        self._chunks = chunks
        self.status = 0
        self.headers: Pairs = ()
        self.body = b""
        self.file: tuple[str, int, int] | None = None
        self.gone = asyncio.Event()

    def __call__(self) -> BodyRead:
        read: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        read.set_result(b"".join(self._chunks))
        return read

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    async def client_disconnect(self) -> None:
        await self.gone.wait()

    def response_empty(self, status: int, headers: Pairs) -> None:
        self.status, self.headers = status, headers

    def response_bytes(self, status: int, headers: Pairs, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def response_file(self, status: int, headers: Pairs, file: str) -> None:
        self.status, self.headers, self.file = status, headers, (file, 0, 0)

    def response_file_range(
        self, status: int, headers: Pairs, file: str, start: int, end: int
    ) -> None:
        self.status, self.headers, self.file = status, headers, (file, start, end)

    def response_stream(self, status: int, headers: Pairs) -> StreamTransport:
        self.status, self.headers = status, headers
        return _Transport(self)

    def header(self, name: str) -> str:
        """All values of a header of the answer, joined."""
        return ", ".join(value for key, value in self.headers if key == name)


class _Transport:
    def __init__(self, proto: FakeProto) -> None:
        self._proto = proto

    async def send_bytes(self, data: bytes) -> None:
        self._proto.body += data


async def call(
    gateway: Gateway,
    method: str,
    path: str,
    *,
    headers: Pairs = (),
    body: bytes = b"",
    query: str = "",
) -> FakeProto:
    """Send one request through a gateway."""
    proto = FakeProto([body])
    sent = [*headers, ("content-length", str(len(body)))] if body else headers
    wire: HttpProtocol = proto
    await gateway.answer(FakeScope(method, path, query, Headers(sent)), wire)
    return proto
