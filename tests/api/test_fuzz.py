"""Anything, at every route, by anyone: below 500, and errors in their usual shape."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tenfold.api.http import Route
from tenfold.app import build_app
from tenfold.settings import Settings
from tests.api.conftest import started

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""How many requests to each group of routes."""

# A stream has no end, a restore ends the service.
LEFT_OUT = {("GET", "/api/realtime"), ("POST", "/api/backups/{key}/restore")}


def _all_routes(folder: Path) -> list[Route]:
    return [
        route
        for route in build_app(Settings(dir=folder, workers=1)).routes
        if (route.method, route.pattern) not in LEFT_OUT
    ]


@dataclass(frozen=True)
class Target:
    """The server under test, and what can be asked of it."""

    client: httpx.Client
    routes: list[Route]
    tokens: dict[str, str]
    record_id: str

    def group(self, name: str) -> list[Route]:
        """The routes of one family: the third part of their path."""
        return [route for route in self.routes if _family(route) == name]


def _family(route: Route) -> str:
    parts = route.pattern.split("/")
    if "records" in parts:
        return "records"
    if parts[1:3] == ["api", "collections"]:
        plain = len(parts) < 5 or parts[-1] in ("truncate", "scaffolds", "import")
        return "collections" if plain else "auth"
    return "other"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fuzz")
    server = started(folder)
    routes = _all_routes(server.dir)
    with server, httpx.Client(base_url=server.url, timeout=20) as client:
        record = client.post("/api/collections/notes/records", json={"title": "a"}).json()
        account = {"email": "a@example.com", "password": "12345678", "passwordConfirm": "12345678"}
        root = server.token
        users = "/api/collections/users"
        client.post(f"{users}/records", json=account, headers={"Authorization": root})
        login = {"identity": account["email"], "password": account["password"]}
        user: str = client.post(f"{users}/auth-with-password", json=login).json()["token"]
        yield Target(client, routes, {"root": root, "user": user}, record["id"])
        assert server.process is not None and server.process.poll() is None
    assert "Traceback" not in server.log_text(), server.log_text()[-6000:]


WORDS = [
    *("notes", "users", "_superusers", "_otps", "@random", "*", "id", "title", "rank", "meta"),
    *("docs", "state", "place", "email", "password", "name", "type", "fields", "indexes"),
    *("listRule", "createRule", "viewQuery", "auth", "base", "view", "text", "number", "relation"),
    *("select", "file", "json", "values", "maxSelect", "collectionId", "options", "requests"),
    *("method", "url", "body", "headers", "POST", "/api/collections/notes/records", "token"),
    *("identity", "passwordConfirm", "oldPassword", "otpId", "mfaId", "provider", "code"),
    *("clientId", "subscriptions", "notes/*", "meta.appName", "collections", "deleteMissing"),
    *("SELECT id FROM notes", "title = 'a'", "@request.auth.id != ''", "-title,+id", "a.b.c"),
    *("query", "100x100", "a@example.com", "12345678", "notes_via_docs", "@collection.notes.id"),
    *("smtp", "s3", "backups", "logs", "filesystem", "template", "collection", "verification"),
]
texts = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=12),
    st.text(alphabet="@.:'\"()~=<>!?&|-+*/\\%_ \0azAZ09\u00e9", max_size=24),
)
values: SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=5)),
    max_leaves=12,
)
QUERY_KEYS = [
    *("filter", "sort", "expand", "fields", "page", "perPage", "skipTotal", "token", "thumb"),
    *("download", "query", "state", "code", "options", "x"),
]
queries = st.lists(st.tuples(st.sampled_from(QUERY_KEYS), texts), max_size=3)


@st.composite
def requests(draw: DrawFn, routes: list[Route], target: Target) -> httpx.Request:
    """A request to one of the routes, more or less as it expects it."""
    route = draw(st.sampled_from(routes))
    who = draw(st.sampled_from(["root"] * 5 + ["user", "user", "nobody", "nonsense"]))
    path = _path(draw, route, target, may_name=who != "root" or route.method == "GET")
    headers = {"nobody": {}, "nonsense": {"Authorization": "a.b.c"}}.get(who) or (
        {"Authorization": target.tokens[who]} if who in target.tokens else {}
    )
    query = httpx.QueryParams(tuple((key, _sendable(text)) for key, text in draw(queries)))
    if route.method in ("GET", "HEAD", "DELETE"):
        return target.client.build_request(route.method, path, params=query, headers=headers)
    content, kind = draw(bodies(_family(route)))
    headers = headers | {"content-type": kind}
    return target.client.build_request(
        route.method, path, params=query, headers=headers, content=content
    )


def _path(draw: DrawFn, route: Route, target: Target, *, may_name: bool) -> str:
    """The route's path, filled in; root is kept from ruining what the other examples need."""
    parts: list[str] = []
    for part in route.pattern.split("/"):
        if not part.startswith("{"):
            parts.append(part)
        elif part == "{collection}" and (may_name or "records" in route.pattern):
            usual = "users" if _family(route) == "auth" else "notes"
            names = st.sampled_from([usual] * 8 + ["notes", "users", "_mfas", "nope"])
            odd = texts.filter(_is_harmless)
            parts.append(_escaped(draw(odd if draw(st.integers(0, 9)) == 0 else names)))
        elif part == "{id}" and may_name:
            is_odd = route.method == "DELETE" or draw(st.integers(0, 4)) == 0
            parts.append(_escaped(draw(texts)) if is_odd else target.record_id)
        else:
            parts.append(_escaped(draw(st.text(min_size=1, max_size=8))))
    return "/".join(parts)


def _is_harmless(text: str) -> bool:
    return not text.startswith("_super")


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace")) or "x"


_RULES = {f"{rule}Rule": "" for rule in ("list", "view", "create", "update", "delete")}
_FIELDS = [
    {"name": "t", "type": "text", "min": 1, "max": 9, "pattern": "^a+$", "required": True},
    {"name": "n", "type": "number", "min": -1, "max": 5.5, "onlyInt": True},
    {"name": "s", "type": "select", "values": ["a", "b"], "maxSelect": 2},
    {"name": "f", "type": "file", "maxSelect": 2, "maxSize": 9, "mimeTypes": ["a/b"]},
    {"name": "r", "type": "relation", "collectionId": "_pb_users_auth_", "cascadeDelete": True},
    {"name": "d", "type": "date", "min": "2024-01-01", "max": ""},
    {"name": "j", "type": "json", "maxSize": 5},
    {"name": "a", "type": "autodate", "onCreate": True},
]
_COLLECTION: dict[str, Any] = {"name": "made", "type": "base", "fields": _FIELDS, **_RULES}
_AUTH = {"authToken": {"duration": 9, "secret": "x"}, "otp": {"enabled": True, "length": 4}}
_NOTE: dict[str, Any] = {
    "title": "a",
    "rank+": 1,
    "done": True,
    "state": ["a"],
    "meta": {},
    "day": "2024-01-01",
}
_ENTRY: dict[str, Any] = {
    "method": "PUT",
    "url": "/api/collections/notes/records?x=1",
    "headers": {},
    "body": _NOTE,
}
_LOGIN = {"identity": "a@example.com", "password": "12345678", "email": "a@example.com"}
_OAUTH2 = {"provider": "oidc", "code": "x", "codeVerifier": "y", "redirectURL": "http://127.0.0.1"}
TEMPLATES: dict[str, list[Any]] = {
    "records": [_NOTE, {**_LOGIN, "passwordConfirm": "12345678", "oldPassword": "1", "name": "b"}],
    "collections": [
        _COLLECTION,
        {**_COLLECTION, "type": "auth", **_AUTH, "indexes": ["CREATE INDEX `i` ON `made` (`t`)"]},
        {"name": "seen", "type": "view", "viewQuery": "SELECT id, title FROM notes"},
        {"collections": [_COLLECTION], "deleteMissing": False},
        {"viewQuery": "SELECT id, (rank + 1) AS more FROM notes"},
    ],
    "auth": [
        _LOGIN,
        _OAUTH2,
        {"token": "a.b.c", "password": "12345678", "passwordConfirm": "12345678"},
        {"otpId": "x", "password": "1", "mfaId": "y"},
        {"duration": 5, "newEmail": "b@example.com"},
    ],
    "other": [
        {"requests": [_ENTRY, {**_ENTRY, "method": "POST"}]},
        {
            "meta": {"appName": "a"},
            "smtp": {"port": 1},
            "logs": {"maxDays": 1},
            "s3": {"bucket": ""},
        },
        {"clientId": "x", "subscriptions": ["notes/*?options={}"]},
        {"filesystem": "storage", "email": "a@b.c", "template": "otp", "collection": "users"},
        {"clientId": "x", "teamId": "y", "keyId": "z", "privateKey": "k", "duration": 5},
        {"query": "SELECT 1", "name": "a.zip"},
    ],
}


@st.composite
def mutated(draw: DrawFn, template: Any) -> Any:
    """A body that was right before a few places of it were changed."""
    value = json.loads(json.dumps(template))
    for _ in range(draw(st.integers(0, 3))):
        value = _changed(draw, value)
    return value


def _changed(draw: DrawFn, value: Any) -> Any:
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = [*cast(dict[str, Any], value)]
    elif isinstance(value, list):
        keys = [*range(len(cast(list[Any], value)))]
    if not keys or draw(st.integers(0, 3)) == 0:
        return draw(values)
    key = draw(st.sampled_from(keys))
    value[key] = _changed(draw, value[key])
    return cast(Any, value)


@st.composite
def bodies(draw: DrawFn, family: str) -> tuple[bytes, str]:
    """A body and its content type."""
    kind = draw(st.sampled_from(["right"] * 6 + ["json", "noise", "form", "multipart"]))
    if kind == "right":
        value = draw(mutated(draw(st.sampled_from(TEMPLATES[family]))))
        return json.dumps(value).encode(), "application/json"
    if kind == "json":
        value = draw(st.one_of(st.dictionaries(texts, values, max_size=6), values))
        return json.dumps(value).encode(), "application/json"
    if kind == "noise":
        return draw(st.binary(max_size=200)), "application/json"
    if kind == "form":
        fields = draw(st.lists(st.tuples(texts, texts), max_size=4))
        sendable = tuple((_sendable(name), _sendable(text)) for name, text in fields)
        return str(httpx.QueryParams(sendable)).encode(), "application/x-www-form-urlencoded"
    parts = draw(st.lists(st.tuples(texts, st.binary(max_size=50), st.booleans()), max_size=4))
    return _multipart(parts), "multipart/form-data; boundary=B"


def _multipart(parts: list[tuple[str, bytes, bool]]) -> bytes:
    body = b""
    for name, content, is_file in parts:
        quoted = name.encode("utf-8", "replace").replace(b'"', b"'")
        head = b'--B\r\nContent-Disposition: form-data; name="' + quoted + b'"'
        body += head + (b'; filename="a.png"' if is_file else b"") + b"\r\n\r\n" + content + b"\r\n"
    return body + b"--B--\r\n"


@pytest.mark.parametrize("family", ["records", "collections", "auth", "other"])
def test_every_route_answers_anything(target: Target, family: str) -> None:
    routes = target.group(family)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(requests(routes, target))
    def ask(request: httpx.Request) -> None:
        answer = target.client.send(request)
        assert answer.status_code < 500, (request.url, request.content, answer.text)
        if answer.status_code >= 400:
            shown = answer.json()
            assert {"data", "message", "status"} == shown.keys()
            assert shown["status"] == answer.status_code

    ask()
