"""Collections in a running service of two workers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.planted import open_collection, plant
from tests.stores import SQLITE_ONLY, is_mariadb
from tests.targets import Tenfold

PATH = "/api/collections"
TEXT = {"id": "text1", "name": "t", "type": "text"}
FILE = {"id": "file1", "name": "f", "type": "file", "maxSelect": 1}
LOOKS = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    server = Tenfold(tmp_path_factory.mktemp("collections") / "data", workers=2)
    plant(server.dir, [open_collection("things", TEXT, FILE, id="things1")])
    with server:
        yield server


@pytest.fixture
def root(server: Tenfold) -> Iterator[httpx.Client]:
    """A superuser, who leaves the collections as they were."""
    client = httpx.Client(base_url=server.url, headers={"Authorization": server.token}, timeout=30)
    with client:
        yield client
        kept = {"things", "users"}
        left = [c["name"] for c in listed(client) if c["name"] not in kept and not c["system"]]
        while left:
            left = [name for name in left if not client.delete(f"{PATH}/{name}").is_success]


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    return client.get(PATH, params={"perPage": 1000}).raise_for_status().json()["items"]


def make(client: httpx.Client, **body: Any) -> dict[str, Any]:
    return client.post(PATH, json=body).raise_for_status().json()


def test_every_worker_knows_of_a_change_once_it_is_answered(
    server: Tenfold, root: httpx.Client
) -> None:
    make(root, name="fresh", fields=[TEXT], listRule="")
    for turn in range(12):
        rule = "" if turn % 2 else None
        field = {"name": f"n{turn}", "type": "number"}
        root.patch(f"{PATH}/fresh", json={"fields": [TEXT, field], "listRule": rule})
        for _ in range(LOOKS):
            # A connection of its own may come to either worker.
            with httpx.Client(base_url=server.url, headers=root.headers) as other:
                names = [f["name"] for f in other.get(f"{PATH}/fresh").json()["fields"]]
                assert names == ["id", "t", f"n{turn}"]
            guest = httpx.get(f"{server.url}{PATH}/fresh/records")
            assert guest.status_code == (200 if turn % 2 else 403)


def test_records_are_written_while_their_collection_changes(
    server: Tenfold, root: httpx.Client
) -> None:
    make(root, name="busy", fields=[TEXT], listRule="", createRule="", updateRule="")
    make(root, name="seen", type="view", viewQuery="select id, t from busy", listRule="")
    stop = threading.Event()
    answers: list[httpx.Response] = []

    def write() -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            while not stop.is_set():
                made = client.post(f"{PATH}/busy/records", json={"t": "x", "extra": 1})
                path = f"{PATH}/busy/records/{made.json().get('id')}"
                changed = client.patch(path, json={"t": "y"})
                shown = client.get(f"{PATH}/seen/records", params={"sort": "-id", "perPage": 3})
                answers.extend((made, changed, shown))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    kinds = ("text", "number", "json", "bool")
    for turn in range(24):
        extra = {"id": f"extra{turn}", "name": "extra", "type": kinds[turn % 4]}
        answers.append(root.patch(f"{PATH}/busy", json={"fields": [TEXT, extra]}))
    stop.set()
    for writer in writers:
        writer.join()
    assert {answer.status_code for answer in answers} == {200}
    made_count = sum(a.request.method == "POST" for a in answers)
    page = root.get(f"{PATH}/busy/records", params={"filter": "t = 'y'"}).json()
    assert page["totalItems"] == made_count


def test_a_refused_change_changes_nothing(root: httpx.Client) -> None:
    make(root, name="kept", id="kept1", fields=[TEXT], indexes=["CREATE INDEX k1 ON kept (t)"])
    make(root, name="above", type="view", viewQuery="select id, t from kept")
    root.post(f"{PATH}/kept/records", json={"t": "same"})
    root.post(f"{PATH}/kept/records", json={"t": "same"})
    before = listed(root)
    refused = [
        root.patch(f"{PATH}/kept", json={"fields": [], "indexes": []}),
        root.patch(f"{PATH}/kept", json={"name": "other"}),
        root.patch(f"{PATH}/kept", json={"indexes": ["CREATE UNIQUE INDEX k2 ON kept (t)"]}),
        root.patch(f"{PATH}/kept", json={"fields": [TEXT], "listRule": "nope = 1"}),
        root.put(
            f"{PATH}/import",
            json={
                "collections": [
                    {"name": "new", "fields": [TEXT]},
                    {"id": "kept1", "name": "kept", "fields": [{"name": "u", "type": "text"}]},
                    {"name": "bad", "type": "view", "viewQuery": "select id, nope from new"},
                ]
            },
        ),
        root.put(
            f"{PATH}/import",
            json={"collections": [{"name": "x", "listRule": "nope = 1"}], "deleteMissing": True},
        ),
        root.delete(f"{PATH}/kept"),
    ]
    assert [answer.status_code for answer in refused] == [400] * len(refused)
    assert listed(root) == before
    items = root.get(f"{PATH}/above/records").raise_for_status().json()["items"]
    assert [item["t"] for item in items] == ["same", "same"]


def test_an_import_brings_what_needs_each_other_in_any_order(root: httpx.Client) -> None:
    relation = {"name": "r", "type": "relation"}
    collections = [
        {"name": "top", "type": "view", "viewQuery": "select id, n from middle", "listRule": ""},
        {"name": "middle", "type": "view", "viewQuery": "select id, t as n from one"},
        {"id": "one1", "name": "one", "fields": [TEXT, {**relation, "collectionId": "two2"}]},
        {"id": "two2", "name": "two", "fields": [{**relation, "collectionId": "one1"}]},
    ]
    assert root.put(f"{PATH}/import", json={"collections": collections}).status_code == 204
    names = [f["name"] for f in root.get(f"{PATH}/top").json()["fields"]]
    assert names == ["id", "n"]
    only = {"collections": [{"id": "things1", "name": "things"}], "deleteMissing": True}
    assert root.put(f"{PATH}/import", json=only).status_code == 204
    assert [c["name"] for c in listed(root) if not c["system"]] == ["things"]


def test_files_go_with_their_collection(server: Tenfold, root: httpx.Client) -> None:
    made = make(root, name="papers", fields=[TEXT, FILE])
    files = {"f": ("a.txt", b"hello", "text/plain")}
    for _ in range(2):
        root.post(f"{PATH}/papers/records", files=files).raise_for_status()
    folder = server.dir / "storage" / made["id"]
    assert len(stored(folder)) == 2
    assert root.delete(f"{PATH}/papers/truncate").status_code == 204
    assert stored(folder) == []
    root.post(f"{PATH}/papers/records", files=files).raise_for_status()
    assert root.delete(f"{PATH}/papers").status_code == 204
    assert stored(folder) == []


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_view_serves_the_files_of_its_source(server: Tenfold, root: httpx.Client) -> None:
    made = make(root, name="docs", fields=[TEXT, FILE])
    query = "select (row_number() over()) as id, f as paper, id as doc from docs"
    make(root, name="shelf", type="view", viewQuery=query, viewRule="", listRule="")
    files = {"f": ("a.txt", b"hello", "text/plain")}
    doc = root.post(f"{PATH}/docs/records", files=files).raise_for_status().json()
    items = httpx.get(f"{server.url}{PATH}/shelf/records?expand=doc").json()["items"]
    assert [(i["id"], i["paper"], i["doc"]) for i in items] == [("1", doc["f"], doc["id"])]
    assert httpx.get(f"{server.url}/api/files/shelf/1/{doc['f']}").text == "hello"
    assert httpx.get(f"{server.url}/api/files/{made['id']}/{doc['id']}/{doc['f']}").is_success


def test_rules_may_ask_views(server: Tenfold, root: httpx.Client) -> None:
    make(root, name="votes", fields=[TEXT, {"name": "n", "type": "number"}])
    query = "select t as id, total(n) as sum from votes group by t"
    make(root, name="sums", type="view", viewQuery=query)
    rule = "@collection.sums.id ?= t && @collection.sums.sum ?> 5"
    make(root, name="winners", fields=[TEXT], listRule=rule, createRule=rule)
    for name, number in (("ann", 4), ("ann", 3), ("bob", 2)):
        root.post(f"{PATH}/votes/records", json={"t": name, "n": number}).raise_for_status()
        root.post(f"{PATH}/winners/records", json={"t": name}).raise_for_status()
    items = httpx.get(f"{server.url}{PATH}/winners/records").json()["items"]
    assert {item["t"] for item in items} >= {"ann"}
    refused = httpx.post(f"{server.url}{PATH}/winners/records", json={"t": "zoe"})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "select id, value from _params",
        "select id, stored from _collections",
        "select seq as id, image from _changes",
        "select id, (select group_concat(stored) from _collections) as x from things",
        "select name as id, sql from sqlite_master",
        "with x as (select * from _params) select id, value from x",
        "select id from things; drop table things",
        "select id from things) union select id from (select * from _params",
        "select writefile('x', 'y') as id",
        "select load_extension('x') as id",
    ],
)
def test_views_see_only_collections(root: httpx.Client, query: str) -> None:
    tried = root.post(f"{PATH}/meta/dry-run-view", json={"query": query})
    made = root.post(PATH, json={"name": "spy", "type": "view", "viewQuery": query})
    assert (tried.status_code, made.status_code) == (400, 400)


@pytest.mark.parametrize("name", ["_rev", "_rev_probe", "_changes", "_jobs", "_COLLECTIONS"])
def test_names_of_the_store_are_taken(root: httpx.Client, name: str) -> None:
    answer = root.post(PATH, json={"name": name})
    assert answer.status_code == 400
    assert answer.json()["data"]["name"]["code"] == "validation_collection_name_invalid"


@pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)
def test_a_view_that_never_ends_is_refused(root: httpx.Client) -> None:
    query = (
        "with recursive c(x) as (select 1 union all select x + 1 from c)"
        " select (select max(x) from c) as id"
    )
    answer = root.post(f"{PATH}/meta/dry-run-view", json={"query": query})
    assert answer.status_code == 400
    assert "longer than" in answer.json()["message"]
    assert root.get(f"{PATH}/things/records").status_code == 200


def test_a_changed_auth_rule_ends_all_sessions(server: Tenfold, root: httpx.Client) -> None:
    make(root, name="members", type="auth", authRule="")
    person = {"email": "a@example.com", "password": "12345678", "passwordConfirm": "12345678"}
    root.post(f"{PATH}/members/records", json=person).raise_for_status()
    signed = httpx.post(
        f"{server.url}{PATH}/members/auth-with-password",
        json={"identity": "a@example.com", "password": "12345678"},
    ).raise_for_status()
    refresh = f"{server.url}{PATH}/members/auth-refresh"
    headers = {"Authorization": signed.json()["token"]}
    assert httpx.post(refresh, headers=headers).status_code == 200
    root.patch(f"{PATH}/members", json={"listRule": ""}).raise_for_status()
    assert httpx.post(refresh, headers=headers).status_code == 200
    root.patch(f"{PATH}/members", json={"authRule": "verified = false"}).raise_for_status()
    assert httpx.post(refresh, headers=headers).status_code == 401
