"""Servers that answer as a test wants, on a thread of their own."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from tenfold.measure.load.asks import KINDS
from tenfold.measure.load.site import Address, Site
from tenfold.measure.workload import Workload, changed

TEXT_BYTES = 40
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Given a request's head, writes to the client."""


class StubServer:
    """Reads requests (bodies by Content-Length) and lets `answer` do what it likes."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._is_up = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self.requests = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_up.wait(5)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nobody any more; safe to repeat."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        await self._stop.wait()
        # What was accepted just now gets its task, which alone can close it: it takes a moment,
        # and a server that is closed before would break off halfway.
        for listener in server.sockets:
            self._loop.remove_reader(listener.fileno())
        await asyncio.sleep(0.01)
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        # Closing takes the loop one more turn.
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                _, found, rest = head.partition(b"Content-Length: ")
                if found:
                    await reader.readexactly(int(rest.split(b"\r\n")[0]))
                self.requests += 1
                await self._answer(head, writer)
                await writer.drain()
        except (EOFError, ConnectionError):
            pass
        except asyncio.CancelledError:
            # The server stops: there is no time for TLS to say goodbye.
            writer.transport.abort()
        finally:
            writer.close()
            self._connections.discard(task)

    def site(self, records: int = 50) -> Site:
        """A site at this server that nothing was made for."""
        return Site(
            address=Address("127.0.0.1", self.port, "127.0.0.1", self._tls is not None),
            open_name="open",
            owned_name="",
            users_name="users",
            records=records,
            text_bytes=TEXT_BYTES,
            emails=("a@example.com",),
            password="secret",
            token="token",
        )


async def answer_rightly(head: bytes, writer: asyncio.StreamWriter) -> None:
    """What a view's answer should be."""
    writer.write(ok(right_body(head)))


def right_body(head: bytes) -> bytes:
    """The record that a request is about."""
    id_ = head.split(b" ")[1].rpartition(b"/")[2].decode()
    return json.dumps({"id": id_, "text": "x" * TEXT_BYTES}).encode()


def ok(body: bytes) -> bytes:
    """A whole answer with status 200."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def views(per_s: float, duration_s: float, warmup_s: float = 0.0, **rate: object) -> Workload:
    """Only views, at a rate."""
    assert KINDS[0] == "view"
    keys = {"per_s": per_s, "duration_s": duration_s, "warmup_s": warmup_s, **rate}
    return changed(Workload(), {"reads_per_write": 1e9, "records": 50, "rate": keys}, "test")
