"""The collections and records that both servers hold."""

from __future__ import annotations

from functools import cache
from typing import Any

PASSWORD = "a-long-password-1"
PEOPLE = "people"

Row = dict[str, Any]


def record_id(name: str) -> str:
    """The id of a seeded record or collection: its name, padded."""
    return name.ljust(15, "0")


def email(who: str) -> str:
    return f"{who}@example.com"


def field(type_: str, name: str, **options: Any) -> Row:
    """A field's JSON; its id is derived from type and name."""
    return {"id": f"{type_}{name}".lower(), "name": name, "type": type_, **options}


def relation(name: str, to: str, **options: Any) -> Row:
    return field("relation", name, collectionId=record_id(to), **{"maxSelect": 1, **options})


def dates() -> list[Row]:
    return [
        field("autodate", "created", onCreate=True),
        field("autodate", "updated", onCreate=True, onUpdate=True),
    ]


def rules(list_: str | None, create: str | None, update: str | None, delete: str | None) -> Row:
    return {
        "listRule": list_,
        "viewRule": list_,
        "createRule": create,
        "updateRule": update,
        "deleteRule": delete,
    }


def collection(name: str, fields: list[Row], type_: str = "base", **options: Any) -> Row:
    return {"id": record_id(name), "name": name, "type": type_, "fields": fields, **options}


IS_ADMIN = "@request.auth.role = 'admin'"
SEES_POST = f"status = 'public' || author = @request.auth.id || {IS_ADMIN}"

_STATES = ["draft", "public", "old"]

COLLECTIONS: list[Row] = [
    collection(
        PEOPLE,
        [
            field("text", "name", max=100),
            field("select", "role", values=["admin", "editor", "reader"], maxSelect=1),
            field("text", "secret", hidden=True),
            field("number", "age"),
            relation("boss", PEOPLE),
            relation("friends", PEOPLE, maxSelect=5),
            *dates(),
        ],
        "auth",
        **rules("", "", "id = @request.auth.id", f"id = @request.auth.id || {IS_ADMIN}"),
        manageRule=IS_ADMIN,
        authAlert={"enabled": False},
    ),
    collection(
        "tags",
        [field("text", "name", required=True), field("number", "weight"), *dates()],
        **rules("", None, None, None),
        indexes=["CREATE UNIQUE INDEX `idx_tags_name` ON `tags` (`name`)"],
    ),
    collection(
        "posts",
        [
            field("text", "title", required=True, max=200, presentable=True),
            field("editor", "body"),
            relation("author", PEOPLE),
            relation("tags", "tags", maxSelect=5),
            field("select", "status", values=_STATES, maxSelect=1),
            field("select", "flags", values=["a", "b", "c", "d"], maxSelect=3),
            field("number", "score"),
            field("bool", "pinned"),
            field("date", "published"),
            field("json", "meta"),
            field("geoPoint", "place"),
            field("url", "link"),
            field("email", "contact"),
            field("text", "note", hidden=True),
            *dates(),
        ],
        **rules(
            SEES_POST,
            "@request.auth.id != '' && @request.body.author = @request.auth.id",
            "author = @request.auth.id && @request.body.author:changed = false",
            "author = @request.auth.id",
        ),
    ),
    collection(
        "comments",
        [
            relation("post", "posts", required=True, cascadeDelete=True),
            relation("author", PEOPLE),
            relation("likes", PEOPLE, maxSelect=10),
            field("text", "text", min=2, max=50),
            *dates(),
        ],
        **rules(
            "post.status = 'public' || author = @request.auth.id",
            "@request.auth.id != ''",
            "author.id = @request.auth.id",
            f"author = @request.auth.id || post.author = @request.auth.id || {IS_ADMIN}",
        ),
    ),
    collection(
        "everything",
        [
            field("text", "text"),
            field("text", "code", pattern="^[a-z0-9]{2,15}$", autogeneratePattern="[a-z0-9]{15}"),
            field("text", "short", min=2, max=4),
            field("editor", "editor"),
            field("number", "number"),
            field("number", "whole", onlyInt=True, min=-5, max=100),
            field("bool", "bool"),
            field("email", "email", exceptDomains=["bad.com"]),
            field("url", "url", onlyDomains=["good.com"]),
            field("date", "date", min="2000-01-01 00:00:00.000Z", max="2040-01-01 00:00:00.000Z"),
            field("select", "one", values=["a", "b", "c"], maxSelect=1),
            field("select", "many", values=["a", "b", "c", "d"], maxSelect=3),
            field("file", "file", maxSelect=1, maxSize=1000, mimeTypes=["text/plain", "image/png"]),
            field("file", "files", maxSelect=2),
            relation("parent", "everything"),
            relation("tags", "tags", maxSelect=3, minSelect=1),
            field("json", "json", maxSize=200),
            field("geoPoint", "point"),
            field("text", "hidden", hidden=True),
            *dates(),
        ],
        **rules("", "", "", ""),
    ),
    collection(
        "locked",
        [field("text", "text"), relation("tag", "tags")],
        **rules(None, None, None, None),
    ),
    collection(
        "folders",
        [
            field("text", "name"),
            relation("parent", "folders", cascadeDelete=True),
            relation("owner", PEOPLE),
        ],
        **rules(
            "owner = @request.auth.id || parent.owner = @request.auth.id",
            "@request.auth.verified = true && owner = @request.auth.id",
            "parent.owner ?= @request.auth.id",
            "folders_via_parent.id = '' && owner = @request.auth.id",
        ),
    ),
    collection(
        "post_stats",
        [],
        "view",
        listRule="",
        viewRule="",
        viewQuery=(
            "SELECT p.id, p.title, p.author, count(c.id) AS comment_count FROM posts p"
            " LEFT JOIN comments c ON c.post = p.id WHERE p.status = 'public' GROUP BY p.id"
        ),
    ),
]


def _person(name: str, role: str, **more: Any) -> Row:
    return {
        "id": record_id(name),
        "email": email(name),
        "name": name.title(),
        "role": role,
        "verified": True,
        "secret": f"{name}'s secret",
        **more,
    }


def _post(name: str, title: str, author: str, status: str, **more: Any) -> Row:
    return {
        "id": record_id(name),
        "title": title,
        "author": record_id(author) if author else "",
        "status": status,
        "note": f"about {name}",
        **more,
    }


def _comment(name: str, post: str, author: str, text: str, *likes: str) -> Row:
    return {
        "id": record_id(name),
        "post": record_id(post),
        "author": record_id(author) if author else "",
        "text": text,
        "likes": [record_id(who) for who in likes],
    }


def _folder(name: str, parent: str, owner: str) -> Row:
    return {
        "id": record_id(name),
        "name": name,
        "parent": record_id(parent) if parent else "",
        "owner": record_id(owner) if owner else "",
    }


def _ids(*names: str) -> list[str]:
    return [record_id(name) for name in names]


_SEED: dict[str, list[Row]] = {
    PEOPLE: [
        _person("ann", "admin", emailVisibility=True, age=40),
        _person("bob", "editor", boss=record_id("ann"), friends=_ids("ann"), age=31.5),
        _person("cat", "reader", boss=record_id("bob"), friends=_ids("ann", "bob")),
        _person("dan", "", verified=False, emailVisibility=True, age=-1),
    ],
    "tags": [
        {"id": record_id("red"), "name": "red", "weight": 1},
        {"id": record_id("green"), "name": "green", "weight": 2.5},
        {"id": record_id("blue"), "name": "blue", "weight": -3},
        {"id": record_id("unused"), "name": "Unused tag"},
    ],
    "posts": [
        _post(
            "first",
            "First post",
            "ann",
            "public",
            tags=_ids("red", "green"),
            flags=["a", "b"],
            score=10,
            pinned=True,
            published="2024-01-02 03:04:05.678Z",
            meta={"lang": "en", "n": 1, "list": [1, 2, {"x": "y"}], "deep": {"a": None}},
            place={"lon": 13.4, "lat": 52.5},
            link="https://example.com/first?x=1",
            contact="first@example.com",
            body="<p>Hello <b>big</b>\n world &amp; <i>all</i></p><script>bad()</script>"
            + "<p>more words</p>" * 30,
        ),
        _post(
            "second",
            "second Post %_ with \\ \"quotes\" and 'ticks'",
            "bob",
            "public",
            tags=_ids("green"),
            flags=["b", "c", "d"],
            score=-2.5,
            published="2025-06-30 23:59:59.999Z",
            meta=[1, "two", None],
            place={"lon": -0.1, "lat": 51.5},
        ),
        _post(
            "third",
            "Third: Ünïcödé 漢字",
            "bob",
            "draft",
            tags=_ids("blue", "red", "green"),
            score=0,
            pinned=True,
            meta="just text",
            place={"lon": 180, "lat": -90},
        ),
        _post("fourth", "fourth", "cat", "draft", flags=["a"], score=1e15, meta=17),
        _post("fifth", "fifth", "", "old", score=0.1, meta=True),
        _post("sixth", "10", "cat", "public", score=10, published="2024-01-02 03:04:05.679Z"),
        _post("seventh", "2", "", "", meta={"lang": "de", "n": "1"}),
    ],
    "comments": [
        _comment("ca", "first", "bob", "well done", "ann", "cat"),
        _comment("cb", "first", "cat", "hm"),
        _comment("cc", "first", "ann", "thanks both", "bob"),
        _comment("cd", "second", "ann", "First!", "ann", "bob", "cat", "dan"),
        _comment("ce", "third", "cat", "not public", "bob"),
        _comment("cf", "third", "", "anonymous"),
        _comment("cg", "fifth", "dan", "late"),
    ],
    "everything": [
        {
            "id": record_id("full"),
            "text": "some text",
            "code": "abcd",
            "short": "éé",
            "editor": "<p>rich</p>",
            "number": 1.25,
            "whole": 7,
            "bool": True,
            "email": "full@example.com",
            "url": "https://good.com/x",
            "date": "2024-02-29 12:00:00.000Z",
            "one": "b",
            "many": ["c", "a"],
            "tags": _ids("red", "blue"),
            "json": {"a": [1, {"b": "c"}]},
            "point": {"lon": 1.5, "lat": -2},
            "hidden": "not for all",
        },
        {"id": record_id("empty"), "code": "zz"},
        {"id": record_id("child"), "code": "ch", "parent": record_id("full"), "tags": _ids("red")},
    ],
    "locked": [{"id": record_id("behind"), "text": "behind bars", "tag": record_id("red")}],
    "folders": [
        _folder("root", "", "ann"),
        _folder("docs", "root", "bob"),
        _folder("old", "docs", "cat"),
        _folder("new", "docs", ""),
        _folder("attic", "", "bob"),
    ],
}

_ZERO: dict[str, Any] = {"number": 0, "bool": False, "json": None}


def _complete(name: str, row: Row) -> Row:
    """A record with the zero value of every field it does not name."""
    found = next(c for c in COLLECTIONS if c["name"] == name)
    fields = [f for f in found["fields"] if f["type"] != "autodate"]
    zeros = {f["name"]: _zero(f) for f in fields}
    accounts = {"emailVisibility": False} if name == PEOPLE else {}
    return zeros | accounts | row


def _zero(found: Row) -> Any:
    if found["type"] == "geoPoint":
        return {"lon": 0, "lat": 0}
    if found.get("maxSelect", 1) > 1:
        return []
    return _ZERO.get(found["type"], "")


RECORDS: dict[str, list[Row]] = {
    name: [_complete(name, row) for row in rows] for name, rows in _SEED.items()
}
"""Complete records in an order in which each only names earlier ones."""

COLLECTION_NAMES = frozenset({c["name"] for c in COLLECTIONS} | {"users"})


def with_password(name: str, row: Row) -> Row:
    """A record as it is sent."""
    if name != PEOPLE:
        return row
    return row | {"password": PASSWORD, "passwordConfirm": PASSWORD}


@cache
def ids_of(name: str) -> frozenset[str]:
    return frozenset(row["id"] for row in RECORDS[name])


@cache
def known_ids() -> frozenset[str]:
    """Every id of the seed."""
    records = {row["id"] for rows in RECORDS.values() for row in rows}
    return frozenset(records | {c["id"] for c in COLLECTIONS})


@cache
def references() -> dict[str, frozenset[str]]:
    """The names of the collections that each collection's relations lead to."""
    names = {c["id"]: c["name"] for c in COLLECTIONS}
    return {
        c["name"]: frozenset(
            names[f["collectionId"]] for f in c["fields"] if f["type"] == "relation"
        )
        for c in COLLECTIONS
    }
