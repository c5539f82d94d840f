"""Read a realtime stream as a client does."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.targets import Server

LIMIT_S = 5.0

Event = dict[str, Any]


class Stream:
    """One connected client that reads in a thread until it is closed."""

    def __init__(self, server: Server) -> None:
        self.text = b""
        self.has_ended = False
        self._moved_at = time.monotonic()
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._connection.request("GET", "/api/realtime")
        self._socket: socket.socket = self._connection.sock
        self.answer = self._connection.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        wait_until(lambda: bool(self.frames))
        self.id: str = self.frames[0]["data"]["clientId"]

    @property
    def frames(self) -> list[Event]:
        """Everything that came, the greeting too."""
        return [_frame(part) for part in self.text.decode().split("\n\n")[:-1]]

    @property
    def events(self) -> list[Event]:
        """What came after the greeting: name and data."""
        return [{k: f[k] for k in ("event", "data")} for f in self.frames[1:]]

    def is_quiet(self, quiet_s: float) -> bool:
        """Whether nothing came for so long."""
        return time.monotonic() - self._moved_at > quiet_s

    def close(self) -> None:
        """Leave, as a client that goes away does."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(LIMIT_S)
        self._connection.close()

    def _read(self) -> None:
        try:
            while piece := self.answer.read1(1 << 16):
                self.text += piece
                self._moved_at = time.monotonic()
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.has_ended = True


def wait_until(holds: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Return once it holds. Raises: AssertionError when it does not in time."""
    ends_at = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)


def _frame(text: str) -> Event:
    lines = dict(line.split(":", 1) for line in text.split("\n") if ":" in line)
    return {**lines, "data": json.loads(lines["data"])}
