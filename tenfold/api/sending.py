"""Send responses: bytes at once, files by the server's threads, streams chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager

from tenfold.api.flow import Flow
from tenfold.api.http import Headers, Response
from tenfold.api.rsgi import HttpProtocol, ProtocolClosed, StreamTransport

# After a stop was announced, streams have this long to end by themselves.
STREAM_GRACE_S = 1.0


class Sender:
    """Sends the answers of one worker and remembers its streams."""

    __slots__ = ("_endless", "_flows", "_is_stopping")

    def __init__(self) -> None:
        self._endless: set[asyncio.Task[None]] = set()
        self._flows: dict[str, Flow] = {}
        self._is_stopping = False

    def cut_endless(self) -> None:
        """End the endless streams soon; new ones end at once."""
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        for task in self._endless:
            loop.call_later(STREAM_GRACE_S, task.cancel)

    async def send(
        self, proto: HttpProtocol, response: Response, headers: Headers, method: str, client: str
    ) -> None:
        """Send one response. Raises: ProtocolClosed when the client went away."""
        if response.stream is not None:
            await self._send_stream(proto, response.stream, response, headers, method, client)
        elif response.file:
            _send_file(proto, response, headers, method)
        elif response.body:
            proto.response_bytes(response.status, headers, response.body)
        else:
            proto.response_empty(response.status, headers)

    async def _send_stream(
        self,
        proto: HttpProtocol,
        chunks: AsyncIterator[bytes],
        response: Response,
        headers: Headers,
        method: str,
        client: str,
    ) -> None:
        if method == "HEAD" or (response.is_endless and self._is_stopping):
            await _close(chunks)
            proto.response_empty(response.status, headers)
            return
        with self._flow(client) as flow:
            transport = proto.response_stream(response.status, headers)
            task = asyncio.ensure_future(_pump(chunks, transport, flow))
            del transport  # the answer ends when its transport is forgotten
            if response.is_endless:
                self._endless.add(task)
            try:
                await _until_gone(task, proto)
            finally:
                self._endless.discard(task)
                await _close(chunks)

    @contextmanager
    def _flow(self, client: str) -> Generator[Flow, None, None]:
        flow = self._flows.setdefault(client, Flow(client))
        flow.users += 1
        try:
            yield flow
        finally:
            flow.users -= 1
            if not flow.users:
                del self._flows[client]
                flow.close()


async def _pump(
    chunks: AsyncIterator[bytes], transport: StreamTransport | None, flow: Flow
) -> None:
    try:
        async for chunk in chunks:
            assert transport is not None
            await transport.send_bytes(chunk)
            await flow.pushed(len(chunk))
    except (ProtocolClosed, asyncio.CancelledError):
        raise
    except Exception:
        flow.abort()
        raise
    finally:
        # An error's traceback would remember it for long.
        transport = None


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
