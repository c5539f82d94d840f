"""Flow control for streamed answers.

granian queues streamed chunks without a bound and calls them sent at once: one client that
stops reading would fill the memory. So the kernel is asked how much of a connection's bytes the
client has acknowledged (Linux), and a stream waits when too much is under way. The connection
is found among this process's sockets by its peer; that is done only once a stream is long.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import struct

from tenfold.api.rsgi import ProtocolClosed

# Bytes of one connection that may be under way, in this process and in the kernel.
WINDOW_BYTES = 2 << 20

# How far a stream goes between two looks; short ones are never looked at.
STEP_BYTES = 256 << 10

# A client that acknowledges nothing for so long, with a full window, is cut off.
STALL_LIMIT_S = 30.0

_PAUSE_S = 0.005
_TCP_INFO_BYTES = 192
_BYTES_ACKED_AT = 120  # struct tcp_info: u64 tcpi_bytes_acked, Linux 4.2 and later


class Flow:
    """The streamed bytes of one connection."""

    __slots__ = ("_acked_before", "_client", "_connection", "_is_sought", "_pushed", "users")

    def __init__(self, client: str) -> None:
        self._client = client
        self._connection: socket.socket | None = None
        self._is_sought = False
        self._acked_before = 0
        self._pushed = 0
        self.users = 0

    async def pushed(self, length: int) -> None:
        """Count bytes that were handed over; return when the client keeps up.

        Raises: ProtocolClosed when the client stalls for long.
        """
        before = self._pushed // STEP_BYTES
        self._pushed += length
        if self._pushed // STEP_BYTES == before:
            return
        connection = self._find()
        if connection is not None and self._pending(connection) > WINDOW_BYTES:
            await self._wait(connection)

    def abort(self) -> None:
        """Cut the connection: the only way to tell a client that a body is not whole."""
        connection = self._find()
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def close(self) -> None:
        """Forget the connection; it stays open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _wait(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        moved_at, least = loop.time(), self._pending(connection)
        while (pending := self._pending(connection)) > WINDOW_BYTES:
            if pending < least:
                moved_at, least = loop.time(), pending
            elif loop.time() - moved_at > STALL_LIMIT_S:
                self.abort()
                raise ProtocolClosed()
            await asyncio.sleep(_PAUSE_S)

    def _pending(self, connection: socket.socket) -> int:
        acked = _bytes_acked(connection)
        return 0 if acked is None else self._pushed - (acked - self._acked_before)

    def _find(self) -> socket.socket | None:
        if not self._is_sought:
            self._is_sought = True
            self._connection = _connection_of(self._client)
            if self._connection is not None:
                # What was pushed before is counted from here on, so a little less is allowed.
                self._acked_before = _bytes_acked(self._connection) or 0
        return self._connection


def _bytes_acked(connection: socket.socket) -> int | None:
    """How much the peer has acknowledged; None where the system does not tell."""
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        return int(struct.unpack_from("@Q", told, _BYTES_ACKED_AT)[0])
    except (OSError, AttributeError, struct.error):
        return None


def _connection_of(client: str) -> socket.socket | None:
    """A duplicate of this process's socket to a peer, given as "address:port"."""
    host, _, port = client.rpartition(":")
    wanted = (host.strip("[]"), port)
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return None
    for name in names:
        found = _socket_to(int(name), wanted)
        if found is not None:
            return found
    return None


def _socket_to(handle: int, wanted: tuple[str, str]) -> socket.socket | None:
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            return None
        candidate = socket.socket(fileno=os.dup(handle))
    except OSError:
        return None
    try:
        peer = candidate.getpeername()
        if candidate.family in (socket.AF_INET, socket.AF_INET6) and (
            (str(peer[0]), str(peer[1])) == wanted
        ):
            return candidate
    except OSError:
        pass
    candidate.close()
    return None
