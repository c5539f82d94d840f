"""Realtime in a running service of two workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.planted import open_collection, plant
from tests.streams import Stream, wait_until
from tests.targets import Tenfold

NOTES = "/api/collections/notes/records"

HOOK = """
from tenfold.hooks import RouteEvent, hooks

@hooks.route("POST", "/tell")
async def tell(event: RouteEvent) -> None:
    await hooks.publish("news", event.json())
"""


@dataclass
class Service:
    """A server of two workers, and the streams that a test has opened."""

    server: Tenfold
    client: httpx.Client
    streams: list[Stream] = field(default_factory=list[Stream])

    def listen(self, *topics: str, token: str = "") -> Stream:
        stream = Stream(self.server)
        self.streams.append(stream)
        answer = self.subscribe(stream.id, topics, token)
        assert answer.status_code == 204, answer.text
        return stream

    def subscribe(self, client_id: str, topics: tuple[str, ...], token: str = "") -> httpx.Response:
        headers = {"Authorization": token, "connection": "close"}
        body = {"clientId": client_id, "subscriptions": [*topics]}
        return self.client.post("/api/realtime", json=body, headers=headers)

    def listen_on_each(self, *topics: str) -> list[Stream]:
        """Streams of both workers: an id's start names its worker."""
        streams = [self.listen(*topics)]
        while len({s.id[:8] for s in streams}) < 2:
            assert len(streams) < 200
            streams.append(self.listen(*topics))
        return streams

    def create(self, **values: Any) -> dict[str, Any]:
        # A connection of its own each time, so that either worker may get it.
        answer = self.client.post(NOTES, json=values, headers={"connection": "close"})
        return answer.raise_for_status().json()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "tell.py").write_text(HOOK)
    server = Tenfold(tmp_path / "data", workers=2)
    plant(server.dir, [open_collection("notes", {"name": "text", "type": "text"})])
    with server, httpx.Client(base_url=server.url, timeout=20) as client:
        service = Service(server, client)
        yield service
        for stream in service.streams:
            stream.close()


def heard(stream: Stream, count: int) -> Stream:
    """A stream once it has had so many events."""
    wait_until(lambda: len(stream.events) >= count)
    return stream


def texts(stream: Stream) -> list[str]:
    return [e["data"]["record"]["text"] for e in stream.events]


def test_all_workers_tell_all_commits_in_order(service: Service) -> None:
    streams = service.listen_on_each("notes/*")
    written = [service.create(text=f"n{n}")["text"] for n in range(40)]
    for stream in streams:
        assert texts(heard(stream, 40)) == written


def test_a_topic_of_ones_own_reaches_all_workers(service: Service) -> None:
    streams = service.listen_on_each("news")
    other = service.listen("weather")
    for n in range(5):
        told = service.client.post("/tell", json={"n": n}, headers={"connection": "close"})
        assert told.status_code == 204
    for stream in streams:
        # What several workers publish has no common order.
        assert sorted(e["data"]["n"] for e in heard(stream, 5).events) == [0, 1, 2, 3, 4]
    assert other.events == []


def test_a_stop_ends_streams_at_once_and_cleanly(service: Service) -> None:
    streams = service.listen_on_each("notes/*")
    service.create(text="last")
    started_at = time.monotonic()
    service.server.stop()
    assert time.monotonic() - started_at < 30
    wait_until(lambda: all(stream.has_ended for stream in streams))
    assert all(texts(stream) == ["last"] for stream in streams)


def test_a_killed_worker_takes_only_its_own_streams_along(service: Service) -> None:
    streams = service.listen_on_each("notes/*")
    victim = _workers(service.server)[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: any(s.has_ended for s in streams))
    gone = {s.id[:8] for s in streams if s.has_ended}
    assert len(gone) == 1
    left = [s for s in streams if s.id[:8] not in gone]
    wait_until(lambda: len(_workers(service.server)) == 2)
    service.create(text="after")
    assert all(texts(heard(stream, 1)) == ["after"] for stream in left)
    for _ in range(8):
        assert service.subscribe(streams[-1].id, ("notes",)).status_code in (204, 404)
    again = service.listen("notes/*")
    service.create(text="again")
    wait_until(lambda: texts(again) == ["again"])


def test_one_that_does_not_read_holds_up_nobody(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.server.port)) as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.sendall(b"GET /api/realtime HTTP/1.1\r\nhost: x\r\n\r\n")
        head = b""
        while b'"}\n\n' not in head:
            head += lazy.recv(1024)
        client_id = head.split(b'"clientId":"')[1].split(b'"')[0].decode()
        assert service.subscribe(client_id, ("notes/*",)).status_code == 204
        quick = service.listen("notes/*")
        for n in range(120):
            service.create(text=f"{n} " + "x" * 4_000)
        wait_until(lambda: len(quick.events) == 120)


def test_many_come_and_go(service: Service) -> None:
    for _ in range(60):
        stream = service.listen("notes/*")
        stream.close()
    last = service.listen("notes/*")
    service.create(text="here")
    wait_until(lambda: texts(last) == ["here"])


def _workers(server: Tenfold) -> list[int]:
    assert server.process is not None
    listed = subprocess.run(
        ["ps", "--ppid", str(server.process.pid), "-o", "pid="], capture_output=True, text=True
    )
    return [int(pid) for pid in listed.stdout.split()]
