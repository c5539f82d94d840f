"""A data folder that PocketBase 0.22.21 made (admins, settings' secrets, `schema`), brought over.

The archive holds what its API was given: an admin, a user, a collection with a field of each type
of that time, two records, three files, a view.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tenfold.cli.program import run
from tests.targets import EMAIL, PASSWORD, Tenfold

ARCHIVE = Path(__file__).with_name("pocketbase_0_22_21.zip")
POSTS = "/api/collections/posts/records"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    folder = tmp_path_factory.mktemp("legacy")
    shutil.unpack_archive(ARCHIVE, folder)
    server = Tenfold(folder / "data")
    assert run(["import", str(folder / "pb_data"), "--dir", str(server.dir)]) == 0
    server.start()
    yield server
    server.stop()


def _sign_in(server: Tenfold, collection: str, identity: str, password: str) -> httpx.Response:
    return httpx.post(
        f"{server.url}/api/collections/{collection}/auth-with-password",
        json={"identity": identity, "password": password},
    )


def test_records(imported: Tenfold) -> None:
    full = httpx.get(f"{imported.url}{POSTS}/full00000000000").json()
    author = full.pop("author")
    photo, papers = full.pop("photo"), full.pop("papers")
    assert full == {
        "id": "full00000000000",
        "collectionId": "95jqm08wnss0phr",
        "collectionName": "posts",
        "title": "Post ünï",
        "body": "<p>x</p>",
        "state": "a",
        "flags": ["x", "z"],
        "score": 1.5,
        "pinned": True,
        "day": "2024-01-02 03:04:05.678Z",
        "link": "https://example.com",
        "contact": "c@example.com",
        "meta": {"a": [1, None]},
        "created": "2026-11-24 13:09:38.812Z",
        "updated": "2026-11-24 13:09:38.812Z",
    }
    bare = httpx.get(f"{imported.url}{POSTS}/bare00000000000").json()
    assert (bare["flags"], bare["meta"], bare["score"], bare["pinned"]) == ([], None, 0, False)
    signed_in = _sign_in(imported, "users", "ann", "a-long-password").json()
    assert signed_in["record"]["id"] == author
    files = [httpx.get(f"{imported.url}/api/files/posts/{full['id']}/{n}") for n in papers]
    assert [answer.content for answer in files] == [b"one", b"two"]
    assert httpx.get(f"{imported.url}/api/files/posts/{full['id']}/{photo}").is_success


def test_accounts_and_rules(imported: Tenfold) -> None:
    for identity in ("ann", "ann@example.com"):
        answer = _sign_in(imported, "users", identity, "a-long-password")
        assert answer.status_code == 200
    token = answer.json()["token"]
    listed = httpx.get(imported.url + POSTS, headers={"Authorization": token}).json()
    assert [item["title"] for item in listed["items"]] == ["Post ünï"]
    assert _sign_in(imported, "_superusers", EMAIL, PASSWORD).status_code == 200


def test_settings_and_view(imported: Tenfold) -> None:
    headers = {"Authorization": imported.token}
    settings = httpx.get(f"{imported.url}/api/settings", headers=headers).json()
    assert settings["meta"]["appName"] == "From before"
    view = httpx.get(f"{imported.url}/api/collections/titles/records", headers=headers).json()
    assert sorted(item["title"] for item in view["items"]) == ["Post ünï", "bare"]
