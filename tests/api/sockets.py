"""Bytes straight to a server's port, for what no HTTP client would send."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")

JSON = b"Content-Type: application/json\r\n"
CLOSE = b"Connection: close\r\n"
NOTES = b"/api/collections/notes/records"


@dataclass(frozen=True)
class Heard:
    """What came back: the statuses of all answers, the bytes, and whether the server hung up."""

    statuses: tuple[int, ...]
    received: bytes
    is_closed: bool
    duration_s: float

    @property
    def status(self) -> int:
        """The status of the first answer; 0 when there was none."""
        return self.statuses[0] if self.statuses else 0


def request(method: bytes, target: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """A request's bytes; each header line brings its own end."""
    return method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n" + b"".join(headers) + b"\r\n" + body


def exchange(
    port: int,
    sent: bytes,
    *,
    ends: bool = False,
    drip: bytes = b"",
    pause_s: float = 0.1,
    limit_s: float = 5.0,
) -> Heard:
    """Send bytes and listen until the server hangs up, or `limit_s` are over.

    `ends` closes our half after sending; `drip` is sent again and again.
    """
    started_at = time.monotonic()
    received, is_closed = bytearray(), False
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(pause_s)
        try:
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            while not is_closed and time.monotonic() - started_at < limit_s:
                is_closed = _listen(connection, received)
                if drip and not is_closed:
                    connection.sendall(drip)
        except ConnectionError:
            is_closed = True
    statuses = tuple(int(found) for found in _STATUS.findall(bytes(received)))
    return Heard(statuses, bytes(received), is_closed, time.monotonic() - started_at)


def _listen(connection: socket.socket, received: bytearray) -> bool:
    """Take what is there; True at the end of the stream."""
    try:
        chunk = connection.recv(1 << 16)
    except TimeoutError:
        return False
    received += chunk
    return not chunk
