"""Read the realtime streams of both servers and compare what was heard."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from tests.differential.compare import Comparison
from tests.differential.pair import Ask, Both, Pair, Side
from tests.streams import Event, Stream, wait_until

QUIET_S = 0.25
"""So long nothing must come before a server counts as having said all."""


class Listener(Stream):
    """A client of one of the two servers."""

    def __init__(self, side: Side) -> None:
        self.side = side
        super().__init__(side.server)

    def subscribe(self, *topics: str, who: str | None = None) -> None:
        """Listen to exactly these topics; it has to succeed."""
        body = {"clientId": self.id, "subscriptions": [*topics]}
        answer = self.side.send(Ask("POST", "/api/realtime", json=body, who=who))
        assert answer.status == 204, answer.value


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
        wait_until(lambda: all(listener.is_quiet(QUIET_S) for listener in self))
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


def _shown(events: list[Event]) -> str:
    return "\n".join(json.dumps(event) for event in events)
