"""Read the realtime streams of both servers and compare what was heard."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from tests.differential.compare import Comparison
from tests.differential.pair import Ask, Both, Pair, Side

QUIET_S = 0.25
"""So long nothing must come before a server counts as having said all."""
LIMIT_S = 5.0

Event = dict[str, Any]


class Listener:
    """One connected client that reads in a thread until it is closed."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.text = b""
        self.has_ended = False
        self._moved_at = time.monotonic()
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", side.server.port, timeout=LIMIT_S * 4
        )
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

    @property
    def is_quiet(self) -> bool:
        return time.monotonic() - self._moved_at > QUIET_S

    def subscribe(self, *topics: str, who: str | None = None) -> None:
        """Listen to exactly these topics; it has to succeed."""
        body = {"clientId": self.id, "subscriptions": [*topics]}
        answer = self.side.send(Ask("POST", "/api/realtime", json=body, who=who))
        assert answer.status == 204, answer.value

    def close(self) -> None:
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


class Ears:
    """A listener at each server that is told and hears the same."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.theirs, self.ours = Listener(pair.theirs), Listener(pair.ours)
        self._compared = 0

    def __iter__(self) -> Iterator[Listener]:
        return iter((self.theirs, self.ours))

    def subscribe(self, *topics: str, who: str | None = None) -> None:
        for listener in self:
            listener.subscribe(*topics, who=who)

    def ask(self, subscriptions: Any, who: str | None = None, **more: Any) -> Ask:
        """A subscribe request in which <client> stands for the id of each."""
        for listener in self:
            listener.side.names["client"] = listener.id
        body = {"clientId": "<client>", "subscriptions": subscriptions}
        return Ask("POST", "/api/realtime", json=body, who=who, **more)

    def same(self, *, at_least: int = 1) -> list[Event]:
        """Both heard the same since the last time; what PocketBase's listener heard."""
        wait_until(lambda: all(listener.is_quiet for listener in self))
        try:
            wait_until(lambda: len(self.ours.events) >= len(self.theirs.events), 2)
        except AssertionError:
            pass
        theirs = self.theirs.events[self._compared :]
        ours = self.ours.events[self._compared :]
        self._compared = len(self.theirs.events)
        comparison = Comparison(self.pair.matching, any_order=True)
        self.pair.tally.compared += 1
        faults = list(comparison.differences(theirs, ours))
        assert not faults, f"heard: {faults}\n{_shown(theirs)}\n{_shown(ours)}"
        assert len(theirs) >= at_least, f"only {len(theirs)} events"
        return theirs


@contextmanager
def ears(pair: Pair, *topics: str, who: str | None = None) -> Generator[Ears]:
    """A listener at each server, subscribed to topics."""
    both = Ears(pair)
    try:
        both.subscribe(*topics, who=who)
        yield both
    finally:
        for listener in both:
            listener.close()


def with_options(topic: str, **options: Mapping[str, Any]) -> str:
    """A topic with options, as the official SDK writes it."""
    return f"{topic}?options={quote(json.dumps(options, separators=(',', ':')))}"


def send_all(pair: Pair, asks: Sequence[Ask]) -> list[Both]:
    """Send requests to both; none may be refused."""
    answers = [pair.send(ask) for ask in asks]
    for ask, both in zip(asks, answers, strict=True):
        assert both.theirs.status < 300, f"{ask}: {both.theirs.value}"
    return answers


def wait_until(holds: Any, limit_s: float = LIMIT_S) -> None:
    ends_at = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)


def _frame(text: str) -> Event:
    lines = dict(line.split(":", 1) for line in text.split("\n") if ":" in line)
    return {**lines, "data": json.loads(lines["data"])}


def _shown(events: list[Event]) -> str:
    return "\n".join(json.dumps(event) for event in events)
