"""A data folder that the real PocketBase made, brought over: nothing is lost, all still works."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenfold.cli.program import run
from tests.targets import PocketBase, Tenfold

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
PASSWORD = "a-long-password"
DATES = [
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]
LISTED = ("tags", "posts", "post_titles", "users", "_superusers", "_authOrigins")


@dataclass
class Source:
    """What PocketBase held, and how it answered."""

    folder: Path
    answers: dict[str, Any]
    user_token: str
    root_token: str
    files: dict[str, str]


def _client(url: str, token: str = "") -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": token}, timeout=30)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    server = PocketBase(tmp_path_factory.mktemp("pocketbase"))
    with server, _client(server.url, server.token) as root:
        _fill(root)
        signed_in = root.post(
            "/api/collections/users/auth-with-password",
            json={"identity": "ann@example.com", "password": PASSWORD},
            headers={"Authorization": ""},
        ).json()
        root_token, found = server.token, _answers(root)
        files = _files(root, found["posts"])
        return Source(server.dir, found, signed_in["token"], root_token, files)


def _fill(root: httpx.Client) -> None:
    users = root.get("/api/collections/users").json()["id"]
    tags = _made(
        root,
        "/api/collections",
        {"name": "tags", "type": "base", "fields": [{"name": "name", "type": "text"}, *DATES]},
    )
    fields = [
        {"name": "title", "type": "text", "required": True},
        {"name": "body", "type": "editor"},
        {"name": "state", "type": "select", "values": ["a", "b"], "maxSelect": 1},
        {"name": "flags", "type": "select", "values": ["x", "y", "z"], "maxSelect": 3},
        {"name": "score", "type": "number"},
        {"name": "pinned", "type": "bool"},
        {"name": "day", "type": "date"},
        {"name": "author", "type": "relation", "collectionId": users, "maxSelect": 1},
        {"name": "tags", "type": "relation", "collectionId": tags["id"], "maxSelect": 9},
        {"name": "link", "type": "url"},
        {"name": "contact", "type": "email"},
        {"name": "photo", "type": "file", "maxSelect": 1},
        {"name": "papers", "type": "file", "maxSelect": 4},
        {"name": "meta", "type": "json"},
        {"name": "place", "type": "geoPoint"},
        {"name": "hush", "type": "text", "hidden": True},
        *DATES,
    ]
    rules = {"listRule": "author = @request.auth.id || pinned = true", "viewRule": ""}
    indexes = ["CREATE UNIQUE INDEX idx_posts_title ON posts (title)"]
    posts = {"name": "posts", "type": "base", "fields": fields, "indexes": indexes, **rules}
    _made(root, "/api/collections", posts)
    view = {"name": "post_titles", "type": "view", "viewQuery": "SELECT id, title FROM posts"}
    _made(root, "/api/collections", view)
    ann = {"email": "ann@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
    user = _made(root, "/api/collections/users/records", ann | {"name": "Ann", "verified": True})
    red = _made(root, "/api/collections/tags/records", {"name": "red"})
    _made(root, "/api/collections/posts/records", {"title": "bare"})
    for number in range(3):
        full = {
            "title": f"Post {number} ünï",
            "body": "<p>Hello</p>",
            "state": "a",
            "flags": ["x", "z"],
            "score": number + 0.5,
            "pinned": str(number == 1).lower(),
            "day": "2024-01-02 03:04:05.678Z",
            "author": user["id"],
            "tags": [red["id"]],
            "link": "https://example.com/x",
            "contact": "c@example.com",
            "meta": '{"a":[1,{"b":null}],"ü":"é"}',
            "place": '{"lon":13.4,"lat":52.5}',
            "hush": "not for all",
        }
        parts = [
            ("photo", ("photo.png", PICTURE, "image/png")),
            ("papers", ("a b ü.txt", b"one", "text/plain")),
            ("papers", ("two.txt", b"two" * 1000, "text/plain")),
        ]
        answer = root.post("/api/collections/posts/records", data=full, files=parts)
        assert answer.status_code == 200, answer.text
    settings = {"meta": {"appName": "Brought along"}, "smtp": {"password": "kept"}}
    assert root.patch("/api/settings", json=settings).status_code == 200


def _made(root: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = root.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _answers(root: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: root.get(f"/api/collections/{name}/records", params={"sort": "id"}).json()["items"]
        for name in LISTED
    }
    found["collections"] = root.get("/api/collections", params={"sort": "id"}).json()["items"]
    found["settings"] = root.get("/api/settings").json()
    return found


def _files(root: httpx.Client, posts: list[Any]) -> dict[str, str]:
    names = [(p["id"], name) for p in posts for name in (p["photo"], *p["papers"]) if name]
    answers = {
        f"{record}/{name}": root.get(f"/api/files/posts/{record}/{name}") for record, name in names
    }
    assert len(answers) == 9 and all(a.status_code == 200 for a in answers.values())
    return {key: hashlib.sha256(answer.content).hexdigest() for key, answer in answers.items()}


@pytest.fixture(scope="module")
def imported(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    server = Tenfold(tmp_path_factory.mktemp("imported") / "data")
    assert run(["import", str(source.folder), "--dir", str(server.dir)]) == 0
    server.start()
    yield server
    server.stop()


def test_all_is_there(source: Source, imported: Tenfold) -> None:
    with _client(imported.url, source.root_token) as root:
        found = _answers(root)
        for name, expected in source.answers.items():
            assert found[name] == expected, name
        assert _files(root, found["posts"]) == source.files


def test_tokens_stay_valid(source: Source, imported: Tenfold) -> None:
    with _client(imported.url, source.user_token) as ann:
        assert len(ann.get("/api/collections/posts/records").json()["items"]) == 3
        renewed = ann.post("/api/collections/users/auth-refresh")
        assert renewed.json()["record"]["name"] == "Ann"
    with _client(imported.url) as guest:
        # A post without an author is a guest's, as the rule is written.
        assert len(guest.get("/api/collections/posts/records").json()["items"]) == 2


def test_passwords_stay_valid(imported: Tenfold) -> None:
    path = "/api/collections/users/auth-with-password"
    with _client(imported.url) as guest:
        right = guest.post(path, json={"identity": "ann@example.com", "password": PASSWORD})
        wrong = guest.post(path, json={"identity": "ann@example.com", "password": "guess-guess"})
    assert (right.status_code, wrong.status_code) == (200, 400)
    assert imported.token


def test_writes_go_on(imported: Tenfold) -> None:
    with _client(imported.url, imported.token) as root:
        taken = root.post("/api/collections/posts/records", json={"title": "bare"})
        assert "validation_not_unique" in taken.text, taken.text
        new = root.post("/api/collections/posts/records", json={"title": "new"})
        assert new.status_code == 200
        titles = root.get("/api/collections/post_titles/records", params={"filter": "title='new'"})
        assert titles.json()["totalItems"] == 1


def test_dry_run_writes_nothing(source: Source, tmp_path: Path) -> None:
    target = tmp_path / "data"
    assert run(["import", str(source.folder), "--dir", str(target), "--dry-run"]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\0" + b"x" * 99])
def test_not_a_pocketbase_folder(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pb_data"
    folder.mkdir()
    if content is not None:
        (folder / "data.db").write_bytes(content)
    assert run(["import", str(folder), "--dir", str(tmp_path / "out/data")]) == 1
    assert "error:" in capsys.readouterr().err
    assert not (tmp_path / "out/data").exists()


def test_never_over_other_data(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    assert run(["import", str(source.folder), "--dir", str(target)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (target / "mine.txt").read_text() == "mine"


MANY = 80_000
"""Rows that take seconds to import, so that a signal comes before the end."""


def test_interrupted(source: Source, tmp_path: Path) -> None:
    """Killed at any moment, there is no half folder, and the next run starts anew."""
    large = tmp_path / "large"
    _enlarge(source.folder, large)
    target = tmp_path / "data"
    command = [Tenfold.program(), "import", str(large), "--dir", str(target)]
    for sign in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
        )
        _wait_for(tmp_path / ".data.importing/data/data.db-wal", 1 << 20)
        process.send_signal(sign)
        process.wait(30)
        assert not target.exists()
    assert run(command[1:]) == 0
    assert sorted(os.listdir(tmp_path)) == ["data", "large"]
    with sqlite3.connect(target / "data.db") as database:
        assert database.execute("SELECT count(*) FROM tags").fetchone()[0] == MANY + 1
    database.close()


def _enlarge(folder: Path, copy: Path) -> None:
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    with sqlite3.connect(copy / "data.db") as database:
        database.executemany(
            "INSERT INTO tags (id, name) VALUES (?, ?)",
            ((f"t{number:014}", "x" * 200) for number in range(MANY)),
        )
    database.close()


def _wait_for(path: Path, size_bytes: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and path.stat().st_size > size_bytes:
            return
        time.sleep(0.005)
    raise TimeoutError(path)
