"""Backups: names, uploads, downloads and refusals (what they hold is each one's own)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.differential.pair import Ask, Pair
from tests.stores import SQLITE_ONLY, is_mariadb

pytestmark = pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)

BACKUPS = "/api/backups"
SIZE = ("*.size",)


@pytest.fixture
def empty(pair: Pair) -> Iterator[Pair]:
    """Both without backups, before and after."""
    clear(pair)
    made = pair.same(Ask("POST", "/api/files/token", who="root"))
    pair.bind("root.file", made, "token")
    yield pair
    clear(pair)


def clear(pair: Pair) -> None:
    for side in pair.sides:
        for backup in side.send(Ask("GET", BACKUPS, who="root")).value:
            side.send(Ask("DELETE", f"{BACKUPS}/{backup['key']}", who="root"))


def post(path: str = "", **more: Any) -> Ask:
    return Ask("POST", BACKUPS + path, who="root", **more)


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("data.db", b"x")
    return buffer.getvalue()


def uploaded(name: str, body: bytes, key: str = "file") -> Ask:
    return post("/upload", files=[(key, (name, body, "application/zip"))])


NAMES = [
    *("a", "a.zip", "A.zip", "te st.zip", "te/st.zip", "../x.zip", "test_1-2.zip", "é.zip"),
    *("@auto_x.zip", "x" * 146 + ".zip", "x" * 147 + ".zip", "x" * 300, ".zip", "a.zip.zip"),
    *("a.b.zip", "test", "test.ZIP", " q.zip ", "-.zip", "_.zip", "\u0000.zip", "a.zip\n"),
]


def test_names(empty: Pair) -> None:
    empty.all_same([post(json={"name": name}) for name in NAMES])
    taken = [post(json={"name": "a.zip"}), post(form={"name": "a.zip"})]
    empty.all_same([*taken, post(form={"name": "form.zip"})])
    empty.same(Ask("GET", BACKUPS, "fields=key", who="root"))


@pytest.mark.parametrize("body", [5, [], True, {}, 1.5])
def test_names_of_a_wrong_kind(empty: Pair, body: Any) -> None:
    empty.same(post(json={"name": body}))


def test_bodies(empty: Pair) -> None:
    kind = {"content-type": "application/json"}
    empty.all_same(
        [
            post(body=b"{bad", headers=kind),
            post(body=b"[]", headers=kind),
            post(body=b'"x"', headers=kind),
            post(json={"name": "extra.zip", "other": 1}),
        ]
    )


def test_lists(empty: Pair) -> None:
    empty.same(Ask("GET", BACKUPS, who="root"))
    for name in ("b.zip", "a.zip", "c_1.zip"):
        empty.send(post(json={"name": name}))
    empty.same(Ask("GET", BACKUPS, who="root"), loose=SIZE)
    for fields in ("key", "nope"):
        empty.same(Ask("GET", BACKUPS, f"fields={fields}", who="root"))


def test_who_may(empty: Pair) -> None:
    empty.send(post(json={"name": "a.zip"}))
    requests = [
        ("GET", ""),
        ("POST", ""),
        ("POST", "/upload"),
        ("GET", "/a.zip"),
        ("DELETE", "/a.zip"),
        ("POST", "/a.zip/restore"),
        ("GET", "/nope.zip"),
        ("DELETE", "/nope.zip"),
    ]
    empty.all_same(
        Ask(method, BACKUPS + path, who=who) for method, path in requests for who in (None, "ann")
    )
    empty.all_same([Ask("GET", f"{BACKUPS}/{name}", who="root") for name in ("a.zip", "nope.zip")])


def test_uploads(empty: Pair) -> None:
    body = archive()
    names = ["up1.zip", "UP2.zip", "up 3.zip", "up4.txt", "../up5.zip", "noext", "x" * 160 + ".zip"]
    empty.all_same([uploaded(name, body) for name in names])
    empty.all_same(
        [
            uploaded("up1.zip", body),
            uploaded("text.zip", b"not a zip"),
            uploaded("none.zip", b""),
            uploaded("key.zip", body, "other"),
            post("/upload", json={"file": "x"}),
            post("/upload"),
        ]
    )
    empty.same(Ask("GET", BACKUPS, who="root"))


HEADERS = (
    *("content-disposition", "content-security-policy", "cache-control", "x-frame-options"),
    *("accept-ranges", "content-range", "content-length"),
)


def test_downloads(empty: Pair) -> None:
    empty.send(uploaded("up.zip", archive()))
    path = f"{BACKUPS}/up.zip"
    for query in ("token=<root.file>", "token=<root.file>&download=0", "token=bad", "token=", ""):
        empty.same(Ask("GET", path, query), headers=HEADERS)
    empty.same(Ask("HEAD", path, "token=<root.file>"), headers=HEADERS[:5])
    for text in ("bytes=0-3", "bytes=-4", "bytes=99999-", "x"):
        ask = Ask("GET", path, "token=<root.file>", headers={"Range": text})
        empty.same(ask, headers=HEADERS)
    for name in ("nope.zip", "%00", "x" * 200):
        empty.same(Ask("GET", f"{BACKUPS}/{name}", "token=<root.file>"))


def test_what_is_not_there(empty: Pair) -> None:
    for name in ("nope.zip", "nope", "x" * 160):
        empty.same(post(f"/{name}/restore"))
        both = empty.send(Ask("DELETE", f"{BACKUPS}/{name}", who="root"))
        assert both.theirs.status == both.ours.status == 400
        # PocketBase goes on with its own paths.
        assert both.theirs.value["message"].startswith(both.ours.value["message"][:-1])
    empty.all_same([Ask("DELETE", f"{BACKUPS}/", who="root"), Ask("PUT", BACKUPS, who="root")])
