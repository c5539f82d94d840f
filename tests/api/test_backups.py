"""Backups over HTTP and on the command line, with services that run, restart and get killed."""

from __future__ import annotations

import io
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.planted import open_collection, plant
from tests.stores import SQLITE_ONLY, is_mariadb
from tests.targets import PocketBase, Tenfold

pytestmark = pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)

NOTES = open_collection(
    "notes", {"name": "title", "type": "text"}, {"name": "page", "type": "file", "maxSelect": 1}
)
RECORDS = "/api/collections/notes/records"
BACKUPS = "/api/backups"
SETTLED_S = 30.0


@pytest.fixture
def workers() -> int:
    return 2


@pytest.fixture
def server(tmp_path: Path, workers: int) -> Iterator[Tenfold]:
    started = Tenfold(tmp_path / "data", workers=workers)
    plant(started.dir, [NOTES])
    started.upsert_superuser()
    started.start()
    yield started
    started.kill()


def opened(server: Tenfold) -> httpx.Client:
    """A client with a superuser's rights."""
    return httpx.Client(base_url=server.url, headers={"Authorization": server.token}, timeout=60)


def add(client: httpx.Client, title: str) -> None:
    files = [("page", (f"{title}.txt", title.encode()))]
    client.post(RECORDS, data={"title": title}, files=files).raise_for_status()


def pages(server: Tenfold) -> dict[str, bytes]:
    """The titles of all records, and what their files hold."""
    items = httpx.get(f"{server.url}{RECORDS}?perPage=1000", timeout=30).json()["items"]
    folder = f"{server.url}/api/files/notes"
    return {
        i["title"]: httpx.get(f"{folder}/{i['id']}/{i['page']}", timeout=30).content for i in items
    }


def wait_until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + SETTLED_S
    while True:
        try:
            if is_so():
                return
        except (httpx.HTTPError, KeyError):
            pass
        assert time.monotonic() < ends_at
        time.sleep(0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_restore_brings_back_rows_and_files(server: Tenfold) -> None:
    with opened(server) as client:
        add(client, "kept")
        assert client.post(BACKUPS, json={"name": "x.zip"}).status_code == 204
        add(client, "later")
        assert client.post(f"{BACKUPS}/x.zip/restore").status_code == 204
        wait_until(lambda: pages(server) == {"kept": b"kept"})
        assert client.get(BACKUPS).json()[0]["key"] == "x.zip"
        add(client, "after")
        assert client.get("/api/health").json()["data"]["canBackup"] is True
    assert pages(server) == {"kept": b"kept", "after": b"after"}
    assert not (server.dir / ".restore").exists()
    server.stop()


def test_a_kill_right_after_the_answer_restores_at_the_next_start(server: Tenfold) -> None:
    with opened(server) as client:
        add(client, "kept")
        client.post(BACKUPS, json={"name": "x.zip"}).raise_for_status()
        add(client, "later")
        client.post(f"{BACKUPS}/x.zip/restore").raise_for_status()
    server.kill()
    server.start()
    assert pages(server) == {"kept": b"kept"}


def test_a_broken_archive_leaves_all_as_it_was(server: Tenfold) -> None:
    with opened(server) as client:
        add(client, "kept")
        client.post(BACKUPS, json={"name": "x.zip"}).raise_for_status()
        path = server.dir / "backups" / "x.zip"
        path.write_bytes(path.read_bytes()[:-500])
        answer = client.post(f"{BACKUPS}/x.zip/restore")
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Failed to restore backup.")
        assert client.get("/api/health").json()["data"]["canBackup"] is True
    assert pages(server) == {"kept": b"kept"}


def test_backups_under_writes_open_and_hold_what_was_acknowledged(server: Tenfold) -> None:
    is_over = threading.Event()
    acknowledged: list[str] = []

    def write(number: int) -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            while not is_over.is_set():
                title = f"n{number}-{len(acknowledged)}"
                add(client, title)
                acknowledged.append(title)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    with opened(server) as client:
        wait_until(lambda: len(acknowledged) > 20)
        before = set(acknowledged)
        client.post(BACKUPS, json={"name": "x.zip"}).raise_for_status()
        is_over.set()
        for thread in threads:
            thread.join()
        token = client.post("/api/files/token").json()["token"]
        body = httpx.get(f"{server.url}{BACKUPS}/x.zip?token={token}", timeout=30).content
        assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
        client.post(f"{BACKUPS}/x.zip/restore").raise_for_status()
        wait_until(lambda: not (server.dir / ".restore").exists())
    wait_until(lambda: before <= pages(server).keys())
    assert all(body == title.encode() for title, body in pages(server).items())


def test_downloads_are_for_superusers_with_a_token(server: Tenfold) -> None:
    with opened(server) as client:
        client.post(BACKUPS, json={"name": "x.zip"}).raise_for_status()
        token = client.post("/api/files/token").json()["token"]
        assert client.get(f"{BACKUPS}/x.zip").status_code == 403
        assert client.get(f"{BACKUPS}/x.zip?token={server.token}").status_code == 403
        ranged = client.get(f"{BACKUPS}/x.zip?token={token}", headers={"Range": "bytes=0-3"})
        assert (ranged.status_code, ranged.content) == (206, b"PK\x03\x04")
        body = client.get(f"{BACKUPS}/x.zip?token={token}").content
        sent = {"file": ("mine.zip", body, "application/zip")}
        assert client.post(f"{BACKUPS}/upload", files=sent).status_code == 204
        assert client.post(f"{BACKUPS}/upload", files=sent).status_code == 400
        assert client.delete(f"{BACKUPS}/mine.zip").status_code == 204
        assert [b["key"] for b in client.get(BACKUPS).json()] == ["x.zip"]


def test_automatic_backups_follow_the_settings(server: Tenfold) -> None:
    with opened(server) as client:
        settings = {"backups": {"cron": "0 0 1 1 *", "cronMaxKeep": 1}}
        client.patch("/api/settings", json=settings).raise_for_status()
        for _ in range(6):  # whichever worker answers
            assert "__pbAutoBackup__" in {cron["id"] for cron in client.get("/api/crons").json()}
        for count in range(2):
            time.sleep(1.1 * count)  # their names tell seconds
            before = keys(client)
            client.post("/api/crons/__pbAutoBackup__").raise_for_status()
            wait_until(lambda before=before: keys(client) not in (before, []))
        wait_until(lambda: len(keys(client)) == 1)
        assert keys(client)[0].startswith("@auto_pb_backup_acme_")
        client.patch("/api/settings", json={"backups": {"cron": ""}}).raise_for_status()
        for _ in range(6):
            assert "__pbAutoBackup__" not in {c["id"] for c in client.get("/api/crons").json()}


def keys(client: httpx.Client) -> list[str]:
    return [backup["key"] for backup in client.get(BACKUPS).json()]


def tenfold(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [Tenfold.program(), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90)


def test_the_command_line_beside_a_running_service(server: Tenfold) -> None:
    with opened(server) as client:
        add(client, "kept")
        made = tenfold("backup", "create", "x.zip", "--dir", server.dir)
        assert made.returncode == 0 and made.stdout.startswith("Made x.zip")
        add(client, "later")
    assert "x.zip" in tenfold("backup", "list", "--dir", server.dir).stdout
    back = tenfold("backup", "restore", "x.zip", "--dir", server.dir)
    assert back.returncode == 0, back.stderr
    assert "runs with the data of x.zip" in back.stdout
    wait_until(lambda: pages(server) == {"kept": b"kept"})


def test_the_command_line_without_a_service(tmp_path: Path) -> None:
    data = tmp_path / "data"
    plant(data, [NOTES])
    assert tenfold("backup", "create", "x.zip", "--dir", data).returncode == 0
    again = tenfold("backup", "create", "x.zip", "--dir", data)
    assert again.returncode == 1 and "already exists" in again.stderr
    fresh = tmp_path / "fresh"
    back = tenfold("backup", "restore", data / "backups" / "x.zip", "--dir", fresh)
    assert back.returncode == 0, back.stderr
    assert (fresh / "data.db").is_file()
    for arguments in (("restore", "nope.zip"), ("create", "Bad Name")):
        failed = tenfold("backup", *arguments, "--dir", data)
        assert failed.returncode == 1 and "error:" in failed.stderr
    missing = tenfold("backup", "list", "--dir", tmp_path / "none")
    assert missing.returncode == 1 and "no data" in missing.stderr
    assert not (tmp_path / "none").exists()


def test_a_backup_of_pocketbase_can_be_restored(tmp_path: Path) -> None:
    theirs = PocketBase(tmp_path / "theirs")
    with theirs, httpx.Client(base_url=theirs.url, timeout=30) as client:
        client.headers["Authorization"] = theirs.token
        client.post("/api/collections", json=NOTES).raise_for_status()
        add(client, "kept")
        client.post(BACKUPS, json={"name": "theirs.zip"}).raise_for_status()
    archive = theirs.dir / "backups" / "theirs.zip"
    ours = Tenfold(tmp_path / "ours" / "data")
    with ours, opened(ours) as client:
        sent = {"file": ("theirs.zip", archive.read_bytes(), "application/zip")}
        client.post(f"{BACKUPS}/upload", files=sent).raise_for_status()
        answer = client.post(f"{BACKUPS}/theirs.zip/restore")
        assert answer.status_code == 204, answer.text
        wait_until(lambda: pages(ours) == {"kept": b"kept"})
