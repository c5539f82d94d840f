"""Hooks in a running service: the examples, and hooks that go wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.planted import open_collection, plant
from tests.targets import Tenfold

ROOT = Path(__file__).parents[2]
SECRET = "a-long-password-1"
USERS = "/api/collections/users"


def text(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "type": "text", **options}


COLLECTIONS = [
    open_collection("posts", text("title"), text("slug"), text("body")),
    open_collection("greetings", text("user"), text("text")),
    open_collection("audit", text("text", required=True)),
    open_collection(
        "notes", text("text"), {"name": "n", "type": "number"}, {"name": "mail", "type": "email"}
    ),
]


@dataclass
class Service:
    """A server of two workers with hooks; `root` is a superuser's client."""

    server: Tenfold
    root: httpx.Client
    guest: httpx.Client

    def create(self, collection: str, **values: Any) -> httpx.Response:
        return self.guest.post(f"/api/collections/{collection}/records", json=values)

    def texts(self, collection: str = "audit") -> list[str]:
        """The texts of all records, oldest first."""
        answer = self.root.get(f"/api/collections/{collection}/records?perPage=500&sort=@rowid")
        return [record["text"] for record in answer.raise_for_status().json()["items"]]

    def sign_in(self, name: str) -> httpx.Response:
        body = {"identity": f"{name}@example.com", "password": SECRET}
        return self.guest.post(f"{USERS}/auth-with-password", json=body)

    def account(self, name: str, domain: str = "example.com", **more: Any) -> httpx.Response:
        body = {"email": f"{name}@{domain}", "password": SECRET, "passwordConfirm": SECRET, **more}
        return self.root.post(f"{USERS}/records", json=body)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("hooks")
    shutil.copytree(ROOT / "examples" / "hooks", folder / "hooks")
    shutil.copy(ROOT / "tests" / "api" / "hook_files" / "tricky.py", folder / "hooks")
    server = Tenfold(folder / "data", workers=2)
    plant(server.dir, COLLECTIONS)
    with server, httpx.Client(base_url=server.url, timeout=20) as guest:
        headers = {"Authorization": server.token}
        with httpx.Client(base_url=server.url, headers=headers, timeout=20) as root:
            users = root.get(USERS).json()
            users["fields"].append({"name": "banned", "type": "bool"})
            root.patch(USERS, json={"fields": users["fields"]}).raise_for_status()
            yield Service(server, root, guest)


def until(holds: Callable[[], bool], limit_s: float = 10) -> None:
    ends_at = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)


# --- the examples -----------------------------------------------------------------------


def test_posts_get_a_slug_and_a_reading_time(service: Service) -> None:
    made = service.create("posts", title="Hello, World!", body="word " * 450)
    assert made.status_code == 200, made.text
    assert made.json()["slug"] == "hello-world"
    assert made.json()["readingMinutes"] == 2
    assert "body" not in made.json()
    path = f"/api/collections/posts/records/{made.json()['id']}"
    assert service.root.get(path).json()["body"]
    listed = service.guest.get("/api/collections/posts/records").json()["items"]
    assert all("readingMinutes" in post and "body" not in post for post in listed)


def test_posts_may_not_shout(service: Service) -> None:
    refused = service.create("posts", title="LOUD")
    assert refused.status_code == 400
    assert refused.json()["data"]["title"]["code"] == "validation_shouting"


def test_users_are_greeted_once(service: Service) -> None:
    assert service.account("eve", "mailinator.com").status_code == 400
    made = service.account("eve")
    assert made.status_code == 200, made.text
    greetings = f"/api/collections/greetings/records?filter=user='{made.json()['id']}'"
    until(lambda: service.root.get(greetings).json()["totalItems"] == 1)


def test_banned_users_get_no_token(service: Service) -> None:
    service.account("mallory", banned=True).raise_for_status()
    service.account("alice").raise_for_status()
    assert service.sign_in("alice").status_code == 200
    refused = service.sign_in("mallory")
    assert (refused.status_code, refused.json()["message"]) == (403, "This account is locked.")


def test_routes_of_the_site(service: Service) -> None:
    assert service.guest.get("/hello/Ada").json() == {"message": "Hello Ada!"}
    service.account("sho").raise_for_status()
    assert service.guest.post("/api/shout", json={"text": "hi"}).status_code == 401
    headers = {"Authorization": service.sign_in("sho").json()["token"]}
    said = service.guest.post("/api/shout", json={"text": "hi"}, headers=headers)
    assert said.json()["text"] == "hi"
    assert service.guest.post("/api/shout", json={}, headers=headers).status_code == 400
    broken = service.guest.post("/api/shout", content=b"{", headers=headers)
    assert broken.status_code == 400


def test_cron_of_the_site(service: Service) -> None:
    crons = service.root.get("/api/crons").json()
    assert {"id": "drop_empty_posts", "expression": "0 3 * * *"} in crons
    empty = service.create("posts", title="").json()["id"]
    assert service.root.post("/api/crons/drop_empty_posts").status_code == 204
    path = f"/api/collections/posts/records/{empty}"
    until(lambda: service.root.get(path).status_code == 404)


# --- hooks that go wrong ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("refuse", 400),
        ("break", 500),
        ("exit", 500),
        ("slow", 500),
        ("wrong", 400),
        ("invalid", 400),
        ("endless", 500),
        ("thread slow", 500),
    ],
)
def test_failing_hook_leaves_nothing_behind(service: Service, asked: str, status: int) -> None:
    before = service.texts(), service.texts("notes")
    answer = service.create("notes", text=asked)
    assert answer.status_code == status, answer.text
    assert "Traceback" not in answer.text and "ZeroDivision" not in answer.text
    time.sleep(0.5)
    assert (service.texts(), service.texts("notes")) == before
    assert service.create("notes", text="fine").status_code == 200


@pytest.mark.parametrize("asked", ["fine", "thread"])
def test_hook_writes_along(service: Service, asked: str) -> None:
    assert service.create("notes", text=asked).status_code == 200
    assert service.texts()[-1] == ("before fine" if asked == "fine" else "from a thread")


def test_values_of_hooks_are_cast(service: Service) -> None:
    made = service.create("notes", text="shape").json()
    assert made["text"] == "5" and "nonsense" not in made
    path = f"/api/collections/notes/records?filter=id='{made['id']}'%26%26n=12"
    assert service.root.get(path).json()["totalItems"] == 1


def test_update_and_delete(service: Service) -> None:
    note = service.create("notes", text="a").json()["id"]
    path = f"/api/collections/notes/records/{note}"
    assert service.guest.patch(path, json={"text": "keep"}).status_code == 200
    assert service.texts()[-1] == "a -> keep"
    assert service.guest.delete(path).json()["message"] == "This one stays."
    service.guest.patch(path, json={"text": "b"}).raise_for_status()
    assert service.guest.delete(path).status_code == 204
    assert service.texts()[-1] == "gone b"


def test_view_and_list(service: Service) -> None:
    for asked in ("unlisted", "listed"):
        service.create("notes", text=asked)
    shown = service.guest.get("/api/collections/notes/records").json()["items"]
    assert shown and all(n["seenBy"] == "guest" and "n" not in n for n in shown)
    assert "unlisted" not in [n["text"] for n in shown]


def test_a_batch_with_a_failing_hook_is_undone(service: Service) -> None:
    service.root.patch("/api/settings", json={"batch": {"enabled": True}}).raise_for_status()
    before = service.texts(), service.texts("notes")
    url = "/api/collections/notes/records"
    requests = [{"method": "POST", "url": url, "body": {"text": t}} for t in ("one", "break")]
    answer = service.guest.post("/api/batch", json={"requests": requests})
    assert answer.status_code == 400
    assert (service.texts(), service.texts("notes")) == before


REPLIES = [
    ("text", 200, "text/plain; charset=utf-8", b"hello"),
    ("bytes", 200, "application/octet-stream", b"\x00\x01"),
    ("none", 204, None, b""),
    ("list", 200, "application/json", b'[1,"a"]'),
    ("own", 201, "text/html", b"<p>"),
    ("query?a=1", 200, "application/json", b'{"a":"1"}'),
]


@pytest.mark.parametrize(("kind", "status", "content_type", "body"), REPLIES)
def test_replies(
    service: Service, kind: str, status: int, content_type: str | None, body: bytes
) -> None:
    answer = service.guest.get(f"/reply/{kind}")
    got = answer.status_code, answer.headers.get("content-type"), answer.content
    assert got == (status, content_type, body)


@pytest.mark.parametrize("kind", ["odd", "break", "missing"])
def test_failing_route(service: Service, kind: str) -> None:
    answer = service.guest.get(f"/reply/{kind}")
    assert answer.status_code == 500
    assert answer.json()["data"] == {}


def test_route_that_writes(service: Service) -> None:
    body = {"text": "it's \\ \" {:id}"}
    assert service.guest.post("/write", json=body).status_code == 401
    answer = service.root.post("/write", json=body)
    assert answer.json() == {"found": 1, "text": body["text"] + "!", "left": False}
    assert service.root.post("/write", json={"text": ""}).status_code == 400


def test_jobs_are_tried_again(service: Service) -> None:
    assert service.guest.post("/enqueue/flaky").status_code == 200
    until(lambda: "flaky 2" in service.texts())
    assert service.texts().count("flaky 1") == 1
    assert service.guest.post("/enqueue/unknown").status_code == 500


def test_jobs_that_fail_for_good_can_be_seen_and_tried_again(service: Service) -> None:
    job_id = service.guest.post("/enqueue/hopeless").text
    until(lambda: job_id in jobs(service, "failed"))
    assert "ValueError: there is no hope" in jobs(service, "failed")
    assert "will run again" in jobs(service, "retry", job_id)
    until(lambda: job_id in jobs(service, "failed"))
    assert "There is no failed job nope." in jobs(service, "retry", "nope")


def jobs(service: Service, *words: str) -> str:
    command = [service.server.program(), "jobs", *words, "--dir", str(service.server.dir)]
    environment = {**os.environ, **service.server.environment()}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)
    return ended.stdout + ended.stderr


def test_hook_cron_runs(service: Service) -> None:
    assert service.root.post("/api/crons/tick").status_code == 204
    until(lambda: "tick" in service.texts())


# --- starting ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words", "workers"),
    [
        ("x = 1\nraise ValueError('bad luck')\n", "broken.py:2: ValueError: bad luck", 2),
        ("def x(:\n", "broken.py:1: invalid syntax", 1),
        (
            "from tenfold.hooks import hooks\n@hooks.cron('a', 'nonsense')\ndef f(): ...\n",
            "cron a can't be followed",
            1,
        ),
    ],
)
def test_broken_file_stops_the_start(tmp_path: Path, code: str, words: str, workers: int) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "broken.py").write_text(code)
    server = Tenfold(tmp_path / "data", workers=workers)
    ended = subprocess.run(server.serve_command(), capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    said = "".join((ended.stdout + ended.stderr).split())
    assert "".join(words.split()) in said
    assert "Traceback" not in ended.stderr
