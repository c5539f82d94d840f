"""Stops: running requests finish, streams are told, and it does not take for ever."""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import started
from tests.api.sockets import JSON, NOTES, request
from tests.targets import Tenfold

RECORDS = "/api/collections/notes/records"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_running_request_is_answered(tmp_path: Path, workers: int) -> None:
    with started(tmp_path, workers=workers) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            head = request(b"POST", NOTES, JSON, b"Content-Length: 14\r\n")
            connection.sendall(head + b'{"title"')
            time.sleep(0.3)
            _ask_to_stop(server)
            time.sleep(0.3)
            connection.sendall(b': "a"}')
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert _wait(server) == 0
    with server:
        assert httpx.get(f"{server.url}{RECORDS}").json()["totalItems"] == 1


def test_nobody_new_is_let_in(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request(b"POST", NOTES, JSON, b"Content-Length: 14\r\n") + b"{")
            time.sleep(0.3)
            _ask_to_stop(server)
            time.sleep(0.3)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", server.port))
        assert _wait(server) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_streams_end_and_idle_connections_do_not_hold_it_up(tmp_path: Path, workers: int) -> None:
    ended = threading.Event()
    with started(tmp_path, workers=workers) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as idle:
            idle.sendall(request(b"GET", b"/api/health"))
            listener = threading.Thread(target=_listen, args=(server.url, ended))
            listener.start()
            time.sleep(1)
            started_at = time.monotonic()
            _ask_to_stop(server)
            assert _wait(server) == 0
            assert time.monotonic() - started_at < 30
        assert ended.wait(1), "the stream must end in order, not break off"
        listener.join()


def _listen(url: str, ended: threading.Event) -> None:
    with httpx.Client(timeout=20) as client, client.stream("GET", f"{url}/api/realtime") as answer:
        for _ in answer.iter_raw():
            pass
    ended.set()


def test_a_request_without_end_is_cut_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "tenfold.toml").write_text("stop_timeout_s = 1\n")
    with started(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request(b"POST", NOTES, JSON, b"Content-Length: 14\r\n") + b"{")
            time.sleep(0.3)
            started_at = time.monotonic()
            _ask_to_stop(server)
            assert _wait(server) == 0
            assert time.monotonic() - started_at < 30
    assert "were cut" in server.log_text()


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("workers", [1, 2])
def test_other_signals_stop_it_too(tmp_path: Path, signal_: int, workers: int) -> None:
    with started(tmp_path, workers=workers) as server:
        assert server.process is not None
        server.process.send_signal(signal_)
        assert _wait(server) == 0


def test_writes_under_way_are_kept(tmp_path: Path) -> None:
    """Whoever got an answer before or during the stop finds the record afterwards."""
    kept: list[str] = []
    with started(tmp_path, workers=2) as server:
        threads = [threading.Thread(target=_create, args=(server.url, kept)) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        _ask_to_stop(server)
        for thread in threads:
            thread.join()
        assert _wait(server) == 0
    with server:
        total = httpx.get(f"{server.url}{RECORDS}").json()["totalItems"]
        assert len(kept) <= total <= len(kept) + len(threads)
        for record_id in kept[-20:]:
            assert httpx.get(f"{server.url}{RECORDS}/{record_id}").status_code == 200


def _create(url: str, kept: list[str]) -> None:
    with httpx.Client(base_url=url, timeout=20) as client:
        while True:
            try:
                answer = client.post(RECORDS, json={"title": "x"})
            except httpx.TransportError:
                return
            assert answer.status_code == 200
            kept.append(answer.json()["id"])


def _ask_to_stop(server: Tenfold) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)


def _wait(server: Tenfold) -> int:
    """The exit code; the server counts as stopped from here on."""
    assert server.process is not None
    code = server.process.wait(20)
    server.process = None
    return code


def test_a_stop_right_after_the_first_answer_reaches_every_worker(tmp_path: Path) -> None:
    server = Tenfold(tmp_path / "data", workers=4)
    server.upsert_superuser()
    for _ in range(3):
        server.start()
        server.stop()
    assert "did not stop" not in server.log_text()
