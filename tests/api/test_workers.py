"""Several workers: one dies, the others go on and a new one comes; who may connect."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.api.conftest import started
from tests.targets import Tenfold

RECORDS = "/api/collections/notes/records"
LIMIT_S = 30.0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Tenfold]:
    """A server with two workers."""
    with started(tmp_path, workers=2) as server:
        _wait_until(lambda: "Tenfold listens" in server.log_text(), server)
        yield server


def _wait_until(claim: Callable[[], bool], server: Tenfold) -> None:
    ends_at = time.monotonic() + LIMIT_S
    while not claim():
        assert time.monotonic() < ends_at, server.log_text()[-2000:]
        time.sleep(0.05)


def _workers(server: Tenfold) -> set[int]:
    assert server.process is not None
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def _wait_for_workers(server: Tenfold, other_than: set[int]) -> None:
    """Wait until there are two workers, none of them an old one."""
    _wait_until(lambda: len(_workers(server)) == 2 and not _workers(server) & other_than, server)


def test_a_killed_worker_is_replaced_while_others_go_on(pair: Tenfold) -> None:
    before = _workers(pair)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    answered = 0
    with httpx.Client(base_url=pair.url, timeout=10) as client:
        for number in range(40):
            try:
                answered += client.post(RECORDS, json={"rank": number}).status_code == 200
            except httpx.TransportError:
                continue  # the connection was the dead worker's
        assert answered >= 35
        _wait_for_workers(pair, {victim})
        assert client.get(RECORDS).json()["totalItems"] >= answered
    assert "a new one starts" in pair.log_text()


def test_workers_killed_while_they_start_are_replaced(tmp_path: Path) -> None:
    server = started(tmp_path, workers=2)
    server.start()  # returns when the first worker answers
    victims = _workers(server)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    _wait_for_workers(server, victims)
    _wait_until(lambda: _takes_writes(server), server)
    server.stop()


def test_all_workers_killed_at_once_come_back(pair: Tenfold) -> None:
    before = _workers(pair)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    _wait_for_workers(pair, before)
    _wait_until(lambda: _takes_writes(pair), pair)


def _takes_writes(server: Tenfold) -> bool:
    try:
        return httpx.post(f"{server.url}{RECORDS}", json={}, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_a_worker_that_dies_in_a_write_lets_go_of_the_turn(pair: Tenfold) -> None:
    """Kill one worker again and again under writes: the other is never locked out."""
    with httpx.Client(base_url=pair.url, timeout=20) as client:
        for _ in range(3):
            victims = _workers(pair)
            victim = max(victims)
            for number in range(20):
                if number == 10:
                    os.kill(victim, signal.SIGKILL)
                try:
                    assert client.post(RECORDS, json={"rank": number}).status_code == 200
                except httpx.TransportError:
                    continue
            _wait_for_workers(pair, {victim})


def test_workers_die_with_their_parent(pair: Tenfold) -> None:
    orphans = _workers(pair)
    assert pair.process is not None
    os.kill(pair.process.pid, signal.SIGKILL)
    pair.process.wait(10)
    pair.process = None
    _wait_until(lambda: not any(psutil.pid_exists(pid) for pid in orphans), pair)


def test_all_workers_answer(pair: Tenfold) -> None:
    """What one writes, each reads at once."""
    clients = [httpx.Client(base_url=pair.url, timeout=10) for _ in range(8)]
    record = clients[0].post(RECORDS, json={"rank": 0}).json()
    for number in range(1, 40):
        writer = clients[number % len(clients)]
        path = f"{RECORDS}/{record['id']}"
        assert writer.patch(path, json={"rank": number}).status_code == 200
        assert {client.get(path).json()["rank"] for client in clients} == {number}
    for client in clients:
        client.close()


def test_only_loopback_listens_unless_asked(pair: Tenfold) -> None:
    assert pair.process is not None
    parent = psutil.Process(pair.process.pid)
    listening = {
        found.laddr.ip
        for process in (parent, *parent.children(recursive=True))
        for found in process.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    server = started(tmp_path)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", server.port))
        holder.listen()
        with pytest.raises(RuntimeError, match="Can't listen"):
            server.start()
