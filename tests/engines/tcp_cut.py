"""A way to a database server that breaks at a COMMIT, before or after the server has it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

COMMIT = b"\x07\x00\x00\x00\x03COMMIT"
"""The protocol's packet for that statement."""


class CommitCut:
    """Passes everything on; once armed, the next COMMIT costs its connection.

    `port` is where it listens, `count` how often it has cut.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._is_armed = False
        self._is_sent = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.count = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def arm(self, *, is_sent: bool) -> None:
        """Cut at the next COMMIT: once the server has it, or before it gets it."""
        self._is_armed, self._is_sent = True, is_sent

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [
            asyncio.create_task(self._up(reader, up_writer, writer)),
            asyncio.create_task(self._down(up_reader, writer)),
        ]
        self._tasks.update(ways)

    async def _up(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        try:
            while data := await reader.read(65536):
                if self._is_armed and COMMIT in data:
                    self._is_armed = False
                    self.count += 1
                    client.transport.abort()
                    if self._is_sent:
                        server.write(data)
                        await server.drain()
                        await asyncio.sleep(0.2)
                    break
                server.write(data)
                await server.drain()
        except OSError:
            pass
        finally:
            server.close()

    async def _down(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            while data := await server.read(65536):
                client.write(data)
                await client.drain()
        except OSError:
            pass
        finally:
            client.close()
