"""POST /api/batch: all or nothing, each entry under its own rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.differential.pair import Ask, Pair
from tests.differential.seed import record_id

OPEN = "/api/collections/everything/records"
POSTS = "/api/collections/posts/records"
NEW_ID = record_id("fresh")


def batch(*requests: Any, **more: Any) -> Ask:
    return Ask("POST", "/api/batch", json={"requests": list(requests)}, **more)


def entry(method: str, url: str, body: Any = None, **headers: str) -> dict[str, Any]:
    sent: dict[str, Any] = {"method": method, "url": url, "body": body}
    return sent | {"headers": headers} if headers else sent


def create(**body: Any) -> dict[str, Any]:
    return entry("POST", OPEN, {"code": "code1", **body})


def test_create_update_upsert_and_delete_in_one_go(pair: Pair) -> None:
    pair.same(
        batch(
            entry("POST", f"{OPEN}?fields=id,code", {"id": NEW_ID, "code": "abc"}),
            entry("PATCH", f"{OPEN}/{NEW_ID}?expand=parent", {"parent": record_id("full")}),
            entry("PUT", OPEN, {"id": NEW_ID, "number+": 3}),
            entry("PUT", OPEN, {"code": "made"}),
            entry("DELETE", f"{OPEN}/{record_id('child')}"),
        )
    )
    pair.same(Ask("GET", f"{OPEN}/{NEW_ID}"))
    pair.same(Ask("GET", f"{OPEN}/{record_id('child')}"))


def test_one_refusal_undoes_all(pair: Pair) -> None:
    pair.same(
        batch(
            entry("POST", OPEN, {"id": NEW_ID, "code": "abc"}),
            entry("DELETE", f"{OPEN}/{record_id('child')}"),
            entry("PATCH", f"{OPEN}/{record_id('full')}", {"short": "too long"}),
        )
    )
    pair.same(Ask("GET", OPEN, {"sort": "id"}))


MALFORMED: list[Any] = [
    {},
    {"requests": []},
    {"requests": None},
    {"requests": "x"},
    {"requests": ["x"]},
    {"requests": [{}]},
    {"requests": [{"method": "GET", "url": OPEN}, {"method": "FOO"}]},
    {"requests": [{"method": "post", "url": OPEN}]},
    {"requests": [{"method": "POST", "url": OPEN, "body": [1]}]},
    {"requests": [{"method": "POST", "url": OPEN, "headers": {"a": 1}}]},
    {"requests": [{"method": "POST", "url": OPEN, "headers": None, "body": None}]},
    {"requests": [{"method": "POST", "url": OPEN}] * 1001},
    [],
]


@pytest.mark.parametrize("sent", MALFORMED)
def test_malformed_batches(pair: Pair, sent: Any) -> None:
    pair.same(Ask("POST", "/api/batch", json=sent))


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/json", b"{"), ("text/plain", b"{}")]
)
def test_unreadable_batches(pair: Pair, content_type: str, body: bytes) -> None:
    pair.same(Ask("POST", "/api/batch", body=body, headers={"content-type": content_type}))


@pytest.mark.parametrize(
    "refused",
    [
        entry("GET", OPEN),
        entry("POST", "/api/health"),
        entry("POST", f"{OPEN}/"),
        entry("POST", f"{OPEN}/{NEW_ID}", {}),
        entry("PUT", f"{OPEN}/{NEW_ID}", {}),
        entry("PATCH", OPEN, {}),
        entry("DELETE", OPEN),
        entry("POST", f"http://127.0.0.1{OPEN}", {}),
        entry("POST", "/api/collections/nope/records", {}),
        entry("POST", "/api/collections/every%74hing/records", {}),
        entry("POST", "/api/collections/post_stats/records", {}),
        entry("POST", "/api/collections/locked/records", {}),
        entry("PATCH", f"{OPEN}/nope", {}),
        entry("DELETE", f"{OPEN}/nope"),
        entry("POST", OPEN, {"code": "!"}),
        entry("PUT", OPEN, {"id": "short"}),
        entry("PUT", OPEN, {"id": 123, "code": "abc"}),
        entry("POST", POSTS, {"title": "by nobody", "author": record_id("ann")}),
        entry("POST", "/api/collections/people/records", {"email": "x"}),
    ],
)
def test_refused_entries(pair: Pair, refused: dict[str, Any]) -> None:
    pair.same(batch(refused))


def test_all_entries_have_the_rights_of_the_one_caller(pair: Pair) -> None:
    mine = {"title": "mine", "author": record_id("bob")}
    pair.same(batch(entry("POST", POSTS, mine), who="bob"))
    pair.same(batch(entry("POST", POSTS, {**mine, "author": record_id("ann")}), who="bob"))
    pair.same(batch(entry("POST", "/api/collections/locked/records", {}), who="root"))


def test_an_entrys_own_headers_prove_nobody(pair: Pair) -> None:
    for side in pair.sides:
        side.names["token"] = side.token("root")
    pair.same(batch(entry("POST", "/api/collections/locked/records", {}, Authorization="<token>")))


@pytest.mark.parametrize("fields", ["status", "body.code", "*", "nothing", "body.text:excerpt(3)"])
def test_fields_of_the_whole_answer(pair: Pair, fields: str) -> None:
    pair.same(batch(create(text="a long text"), query={"fields": fields}))


# PocketBase adds a random part to the names of a batch's files twice.
NAMES = ("*.body.file", "*.body.files.*")


SETTINGS = "/api/settings"
LIMITS = {"enabled": True, "maxRequests": 1000, "timeout": 30, "maxBodySize": 0}


@pytest.fixture
def limited(pair: Pair) -> Iterator[Callable[..., None]]:
    """Changes the settings of both servers, for one test."""

    def change(**settings: Any) -> None:
        pair.same(Ask("PATCH", SETTINGS, json=settings, who="root"))

    yield change
    change(batch=LIMITS, rateLimits={"enabled": False, "rules": []})


def test_batches_that_are_off(pair: Pair, limited: Callable[..., None]) -> None:
    limited(batch={**LIMITS, "enabled": False})
    for who in (None, "root"):
        pair.same(batch(create(), who=who))
        pair.same(Ask("POST", "/api/batch", json={"requests": "x"}, who=who))


def test_limits_of_a_batch(pair: Pair, limited: Callable[..., None]) -> None:
    limited(batch={**LIMITS, "maxRequests": 2, "maxBodySize": 1000})
    pair.same(batch(create(), create()))
    pair.same(batch(create(), create(), create(), who="root"))
    pair.same(batch(create(text="x" * 1000)))


@pytest.mark.parametrize(
    "label",
    [
        "*:create",
        "everything:create",
        "*:update",
        "/api/batch",
        "/api/",
        OPEN,
        f"POST {OPEN}",
        f"PATCH {OPEN}",
        f"PATCH {OPEN}/{record_id('full')}",
    ],
)
def test_entries_count_against_rate_limits(
    pair: Pair, limited: Callable[..., None], label: str
) -> None:
    rule = {"label": label, "audience": "", "duration": 100, "maxRequests": 3}
    limited(rateLimits={"enabled": True, "rules": [rule]})
    update = entry("PUT", OPEN, {"id": record_id("full")})
    for _ in range(4):
        pair.same(batch(create(), update))
    pair.same(batch(create(), update, create(), update, who="root"))


def upload(key: str, content: bytes = b"hello", name: str = "a.txt") -> tuple[str, Any]:
    return (key, (name, content, "text/plain"))


@pytest.mark.parametrize(
    "key",
    [
        "requests.0.files",
        "requests[0].files",
        "requests[0][files]",
        "requests.0.files+",
        "requests.0.+files",
        "requests.1.files",
        "requests.0.nope",
        "requests.0.files.x",
        "requests..files",
        "requests.0.",
        "files",
        "requests.99999999999999999999.files",
    ],
)
def test_keys_of_uploads(pair: Pair, key: str) -> None:
    form = {"@jsonPayload": json.dumps({"requests": [create()]})}
    pair.same(Ask("POST", "/api/batch", form=form, files=[upload(key)]), loose=NAMES)


@pytest.mark.parametrize(
    "form",
    [
        {"@jsonPayload": "{"},
        {"@jsonPayload": json.dumps({"requests": [create()]}), "requests.0.number": "4"},
        {"requests": json.dumps([create()])},
        {"x": "1"},
    ],
)
def test_forms(pair: Pair, form: dict[str, str]) -> None:
    pair.same(Ask("POST", "/api/batch", form=form, files=[upload("requests.0.file")]), loose=NAMES)


def test_files_come_and_go(pair: Pair) -> None:
    made = entry("POST", OPEN, {"id": NEW_ID, "code": "abc"})
    form = {"@jsonPayload": json.dumps({"requests": [made]})}
    files = [upload("requests.0.files")]
    first = pair.same(Ask("POST", "/api/batch", form=form, files=files), loose=NAMES)
    pair.bind("first", first, "0.body.files.0")
    added = {"requests": [entry("PATCH", f"{OPEN}/{NEW_ID}", {})]}
    form = {"@jsonPayload": json.dumps(added)}
    files = [upload("requests.0.files+", b"two")]
    pair.same(Ask("POST", "/api/batch", form=form, files=files), loose=NAMES)
    pair.same(Ask("GET", f"/api/files/everything/{NEW_ID}/<first>"))
    pair.same(batch(entry("PUT", OPEN, {"id": NEW_ID, "files-": "<first>"})), loose=NAMES)
    pair.same(Ask("GET", f"/api/files/everything/{NEW_ID}/<first>"))


def test_refused_files(pair: Pair) -> None:
    form = {"@jsonPayload": json.dumps({"requests": [create(), create()]})}
    files = [
        upload("requests.0.files"),
        upload("requests.1.files"),
        upload("requests.1.file", b"x" * 1001),
    ]
    refusal = "data.requests.1.response.data.file"
    loose = (f"{refusal}.message", f"{refusal}.params.file")
    pair.same(Ask("POST", "/api/batch", form=form, files=files), loose=loose)
