"""The parts of granian's RSGI objects that are used here, as types.

The specification: https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from typing import Any, Protocol

from granian._granian import RSGIProtocolClosed as ProtocolClosed

__all__ = ["BodyRead", "HeaderMap", "HttpProtocol", "ProtocolClosed", "Scope", "StreamTransport"]


class HeaderMap(Protocol):
    """Lower-case names; values that are not visible ASCII are missing."""

    def get(self, key: str, default: str | None = None) -> str | None: ...

    def items(self) -> list[tuple[str, str]]: ...


class Scope(Protocol):
    """What is known of a request before its body; `path` is percent-decoded already."""

    @property
    def proto(self) -> str: ...

    @property
    def client(self) -> str: ...

    @property
    def scheme(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def query_string(self) -> str: ...

    @property
    def authority(self) -> str | None: ...

    @property
    def headers(self) -> HeaderMap: ...


_Pairs = Sequence[tuple[str, str]]


class StreamTransport(Protocol):
    """An answer that is being sent."""

    async def send_bytes(self, data: bytes) -> None: ...


class BodyRead(Protocol):
    """A whole body that is being read; its failure is ProtocolClosed."""

    def __await__(self) -> Generator[Any, Any, bytes]: ...

    def done(self) -> bool: ...

    def result(self) -> bytes: ...


class HttpProtocol(Protocol):
    """The way back to the client; one response method is called once."""

    def __call__(self) -> BodyRead: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def client_disconnect(self) -> None: ...

    def response_empty(self, status: int, headers: _Pairs) -> None: ...

    def response_bytes(self, status: int, headers: _Pairs, body: bytes) -> None: ...

    def response_file(self, status: int, headers: _Pairs, file: str) -> None: ...

    def response_file_range(
        self, status: int, headers: _Pairs, file: str, start: int, end: int
    ) -> None: ...

    def response_stream(self, status: int, headers: _Pairs) -> StreamTransport: ...
