"""Send responses: bytes at once, files by the server's threads, streams chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tenfold.api.http import Headers, Response
from tenfold.api.rsgi import HttpProtocol, StreamTransport

# After a stop was announced, streams have this long to end by themselves.
STREAM_GRACE_S = 1.0


class Sender:
    """Sends the answers of one worker and remembers its endless streams."""

    __slots__ = ("_endless", "_is_stopping")

    def __init__(self) -> None:
        self._endless: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def cut_endless(self) -> None:
        """End the endless streams soon; new ones end at once."""
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        for task in self._endless:
            loop.call_later(STREAM_GRACE_S, task.cancel)

    async def send(
        self, proto: HttpProtocol, response: Response, headers: Headers, method: str
    ) -> None:
        """Send one response. Raises: ProtocolClosed when the client went away."""
        if response.stream is not None:
            await self._send_stream(proto, response, headers, method)
        elif response.file:
            _send_file(proto, response, headers, method)
        elif response.body:
            proto.response_bytes(response.status, headers, response.body)
        else:
            proto.response_empty(response.status, headers)

    async def _send_stream(
        self, proto: HttpProtocol, response: Response, headers: Headers, method: str
    ) -> None:
        chunks = response.stream
        assert chunks is not None
        if method == "HEAD" or (response.is_endless and self._is_stopping):
            await _close(chunks)
            proto.response_empty(response.status, headers)
            return
        transport: StreamTransport | None = proto.response_stream(response.status, headers)

        async def pump() -> None:
            nonlocal transport
            assert transport is not None
            try:
                async for chunk in chunks:
                    await transport.send_bytes(chunk)
            finally:
                # The answer ends when the transport is forgotten; an error's traceback would
                # remember it for long.
                transport = None

        task = asyncio.ensure_future(pump())
        if response.is_endless:
            self._endless.add(task)
        try:
            await _until_gone(task, proto)
        finally:
            self._endless.discard(task)
            await _close(chunks)


async def _until_gone(task: asyncio.Task[None], proto: HttpProtocol) -> None:
    """Wait for a pump; stop it when the client leaves. Its own errors are raised."""
    gone = asyncio.ensure_future(proto.client_disconnect())
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return


async def _close(chunks: AsyncIterator[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


def _send_file(proto: HttpProtocol, response: Response, headers: Headers, method: str) -> None:
    if method == "HEAD":
        proto.response_empty(response.status, headers)
    elif response.file_range is not None:
        start, end = response.file_range
        proto.response_file_range(response.status, headers, response.file, start, end)
    else:
        proto.response_file(response.status, headers, response.file)
