"""A disk that is full, or can't be written: honest refusals, reads go on, nothing is broken."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import started
from tests.stores import SQLITE_ONLY, is_mariadb
from tests.targets import EMAIL, PASSWORD, Tenfold

pytestmark = pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)

RECORDS = "/api/collections/notes/records"
DISK = "size=48m"
CHUNK = b"x" * (64 << 10)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk in the place of the data folder."""
    place = tmp_path / "data"
    place.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", DISK, "tenfold-test", str(place))
    if mounted.returncode:
        pytest.skip(f"NOT TESTED, no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        _run("umount", "--lazy", str(place))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def _fill(disk: Path) -> Path:
    """Take every free byte."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for chunk in (CHUNK, b"x" * 512, b"x"):
            try:
                while file.write(chunk):
                    continue
            except OSError:
                continue
    return ballast


def _text(content: bytes = b"some text") -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("docs", ("a.txt", content, "text/plain"))]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk(disk: Path, workers: int) -> None:
    with (
        started(disk.parent, workers=workers) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        kept = [_create(client, f"before {number}") for number in range(20)]
        with_file = client.post(RECORDS, files=_text()).json()
        ballast = _fill(disk)
        _expect_refusals(client, kept[0])
        _expect_reads(client, kept[0], with_file)
        ballast.unlink()
        kept += [_create(client, f"after {number}") for number in range(20)]
        assert client.post(RECORDS, files=_text(b"y" * 100_000)).status_code == 200
        assert client.get(RECORDS, params={"perPage": 100}).json()["totalItems"] == len(kept) + 2
        assert "Traceback" not in server.log_text()
    _expect_sound(server)
    with server, httpx.Client(base_url=server.url) as client:
        for record_id in kept:
            assert client.get(f"{RECORDS}/{record_id}").status_code == 200


def _create(client: httpx.Client, title: str) -> str:
    answer = client.post(RECORDS, json={"title": title, "body": "x" * 2000})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def _expect_refusals(client: httpx.Client, record_id: str) -> None:
    """Writes do not fit any more, at the latest when the log of the database is used up."""
    big = {"body": "x" * 200_000}
    requests = [{"method": "POST", "url": RECORDS, "body": big}] * 5
    for _ in range(300):
        if client.post(RECORDS, json=big).status_code == 503:
            break
        _drop_newest(client)
    refused = [
        client.post(RECORDS, json=big),
        client.patch(f"{RECORDS}/{record_id}", json=big),
        client.post("/api/batch", json={"requests": requests}),
        client.post(RECORDS, files=_text(b"x" * 500_000)),
    ]
    for answer in refused:
        assert answer.status_code == 503, answer.text
        assert "retry-after" in answer.headers
        assert "disk" in answer.json()["message"] or "stored" in answer.json()["message"]
    # Signing in may write or not, but is never an internal error.
    signed_in = client.post(
        "/api/collections/_superusers/auth-with-password",
        json={"identity": EMAIL, "password": PASSWORD},
    )
    assert signed_in.status_code in (200, 503), signed_in.text


def _drop_newest(client: httpx.Client) -> None:
    """Keep the count of records as it was."""
    listed = client.get(RECORDS, params={"filter": "body ~ 'xxxx' && title = ''"}).json()
    for record in listed["items"]:
        client.delete(f"{RECORDS}/{record['id']}")


def _expect_reads(client: httpx.Client, record_id: str, with_file: dict[str, str]) -> None:
    assert client.get("/api/health").status_code == 200
    assert client.get(f"{RECORDS}/{record_id}").json()["title"] == "before 0"
    assert client.get(RECORDS, params={"sort": "-title"}).json()["totalItems"] == 21
    path = f"/api/files/notes/{with_file['id']}/{with_file['docs'][0]}"
    assert client.get(path).text == "some text"


def _expect_sound(server: Tenfold) -> None:
    with closing(sqlite3.connect(server.dir / "data.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_data_folder_that_is_read_only(tmp_path: Path) -> None:
    server = started(tmp_path)
    with _read_only(server.dir):
        ended = subprocess.run(server.serve_command(), capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert str(server.dir) in ended.stderr


@contextmanager
def _read_only(folder: Path) -> Generator[None]:
    mounted = _run("mount", "--bind", str(folder), str(folder))
    if mounted.returncode:
        pytest.skip(f"NOT TESTED, nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        assert _run("mount", "-o", "remount,ro,bind", str(folder)).returncode == 0
        yield
    finally:
        _run("umount", "--lazy", str(folder))


def test_a_file_storage_that_is_read_only(tmp_path: Path) -> None:
    with (
        started(tmp_path) as server,
        httpx.Client(base_url=server.url, timeout=20) as client,
    ):
        with_file = client.post(RECORDS, files=_text()).json()
        kept = _create(client, "before 0")
        with _read_only(server.dir / "storage"):
            answer = client.post(RECORDS, files=_text())
            assert answer.status_code == 503, answer.text
            assert "storage" in answer.json()["message"]
            assert client.delete(f"{RECORDS}/{kept}").status_code == 204
            path = f"/api/files/notes/{with_file['id']}/{with_file['docs'][0]}"
            assert client.get(path).text == "some text"
        assert client.post(RECORDS, files=_text()).status_code == 200
        assert "Traceback" not in server.log_text()
