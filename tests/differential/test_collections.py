"""Collections: what superusers may make of them, with good input and bad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.differential.pair import Ask, Both, Pair
from tests.differential.seed import record_id

PATH = "/api/collections"
CLONES = ("fields.*.id", "items.*.fields.*.id")
"""Fields that views copy have random ids."""
TEMPLATES = tuple(
    f"{start}{group}.{key}"
    for start in ("", "items.*.", "auth.")
    for group in (
        "authAlert.emailTemplate",
        "otp.emailTemplate",
        "verificationTemplate",
        "resetPasswordTemplate",
        "confirmEmailChangeTemplate",
    )
    for key in ("subject", "body")
)
"""Tenfold's mails have words of their own."""
TOLD = ("data.*.message", "message", "data.*.*.message", "data.*.*.*.message")
"""Words in which the filter language and the database explain themselves."""

TEXT = {"name": "t", "type": "text"}
Row = dict[str, Any]


def ask(method: str, path: str = "", json: Any = None, query: Any = "") -> Ask:
    return Ask(method, PATH + path, query=query, json=json, who="root")


def create(**body: Any) -> Ask:
    return ask("POST", json={"name": "made", **body})


def same(pair: Pair, asks: Iterable[Ask], loose: tuple[str, ...] = ()) -> list[Both]:
    """Compare the answers to all, and show all that differ."""
    failures: list[str] = []
    answers: list[Both] = []
    for one in asks:
        try:
            answers.append(pair.same(one, loose=(*CLONES, *TEMPLATES, *loose)))
        except AssertionError as failure:
            failures.append(str(failure))
    if failures:
        raise AssertionError(f"{len(failures)} differ:\n\n" + "\n\n".join(failures[:8]))
    return answers


# --- reading -----------------------------------------------------------------------------

QUERIES: list[Row] = [
    *({"perPage": v} for v in (1, 3, 0, -1, 2000, "x")),
    *({"page": v, "perPage": 4} for v in (0, 2, 99, "x")),
    *({"page": v} for v in ("1_0", " 1", "99999999999999999999", "+1")),
    *({"skipTotal": v, "perPage": 2} for v in (1, "T", "x", "yes", "")),
    *({"sort": v} for v in ("name", "-name", "type,-name", "id", "-system,name", "@rowid")),
    *(
        {"sort": v}
        for v in ("-@rowid", "+name", "nope", "listRule", "name:lower", "", " ", " name", "--name")
    ),
    *({"filter": v} for v in ("name='posts'", "name~'o'", "system=true", "type!='base'")),
    *({"filter": v} for v in ("system=1 && name>'m'", "name?='tags'", "name=id", "1=1")),
    *({"filter": v} for v in ("created>'2020-01-01'", "updated<@now", "name='POSTS'", "id~'0'")),
    *({"filter": v} for v in ("listRule=null", "fields~'a'", "@request.auth.id!=''", "x=1")),
    *({"filter": v} for v in ("name=", "name", "@collection.posts.id=1", "name:lower='posts'")),
    *({"filter": v} for v in ("name=null", "system='true'", "(name='tags'||system=true)", "  ")),
    *({"fields": v} for v in ("name", "id,fields.name", "*,fields.id", "name:excerpt(2)", "nope")),
]


def test_lists(pair: Pair) -> None:
    names = "name,type,system"
    same(pair, (ask("GET", query={"fields": names, "sort": "name", **q}) for q in QUERIES))


def test_whole_lists(pair: Pair) -> None:
    query = {"filter": "id!='_pb_users_auth_'", "sort": "name"}
    same(pair, [ask("GET", query=query)], loose=("items.*.created", "items.*.updated"))


@pytest.mark.parametrize(
    "path",
    [
        *("/posts", "/POSTS", f"/{record_id('posts')}", f"/{record_id('posts').upper()}"),
        *("/people", "/post_stats", "/_superusers", "/nope", "/%20", "/posts?fields=name,id"),
    ],
)
def test_views(pair: Pair, path: str) -> None:
    same(pair, [ask("GET", path)])


def test_who_may_come_in(pair: Pair) -> None:
    routes = [
        *(("GET", p) for p in ("", "/posts", "/meta/scaffolds")),
        *(("POST", p) for p in ("", "/meta/dry-run-view")),
        *(("PATCH", "/posts"), ("DELETE", "/posts"), ("DELETE", "/posts/truncate")),
        ("PUT", "/import"),
    ]
    asks = [Ask(m, PATH + p, json={}, who=who) for m, p in routes for who in (None, "ann")]
    same(pair, asks)


def test_scaffolds(pair: Pair) -> None:
    same(pair, [ask("GET", "/meta/scaffolds")], loose=("auth.indexes.*",))


# --- base collections --------------------------------------------------------------------

FIELDS: list[Row] = [
    *({"type": t} for t in ("editor", "number", "bool", "email", "url", "date", "autodate")),
    *({"type": t} for t in ("file", "json", "password", "geoPoint", "select", "relation", "x")),
    *({"name": n} for n in ("", "a b", "null", "expand", "collectionId", "x" * 101, "a_via_b")),
    *({"name": n} for n in ("id", "ID", "_a", "1", "_rowid_", "created", "é", 'a"b', "a`b")),
    *({"min": v} for v in (-1, 0, 5, "x", 1.5)),
    {"min": 5, "max": 4},
    *({"pattern": p} for p in ("[a", "^a+$", "(?=a)", "a" * 3000)),
    *({"autogeneratePattern": p} for p in ("[a-z]{3}", "[a", "a{2,}")),
    {"type": "select", "values": ["a", "a"]},
    {"type": "select", "values": []},
    {"type": "select", "values": ["a"], "maxSelect": 5},
    {"type": "select", "values": ["a", ""], "maxSelect": -1},
    {"type": "relation", "collectionId": record_id("tags")},
    {"type": "relation", "collectionId": "tags"},
    {"type": "relation", "collectionId": record_id("post_stats")},
    {"type": "relation", "collectionId": record_id("tags"), "maxSelect": 1, "minSelect": 2},
    {"type": "file", "thumbs": ["1x1", "x", "0x0"]},
    {"type": "file", "maxSize": -1},
    {"type": "file", "mimeTypes": ["image/png", "nope"]},
    {"type": "number", "min": 5, "max": 1},
    {"type": "number", "onlyInt": True, "min": 1.5},
    {"type": "date", "min": "2024-01-01", "max": "2023-01-01"},
    {"type": "date", "min": "nope"},
    {"type": "email", "onlyDomains": ["a.com"], "exceptDomains": ["b.com"]},
    {"type": "email", "onlyDomains": ["not a domain"]},
    {"type": "autodate"},
    {"type": "autodate", "onCreate": True},
    {"type": "json", "maxSize": -1},
    {"type": "password", "min": 100, "max": 5, "cost": 99},
    {"hidden": True, "presentable": True, "required": True, "help": "x" * 301},
    {"id": "x" * 101},
    {"system": True},
    {"primaryKey": True},
]


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_fields(pair: Pair, field: Row) -> None:
    same(pair, [create(fields=[{**TEXT, **field}])], loose=("data.fields.*.*.message",))


NAMES: list[Any] = [
    *("", "a", "a b", "x" * 255, "x" * 256, "a_via_b", "posts", "POSTS", "_collections", "1"),
    *("_params", "_x", "null", record_id("posts"), "é", "a-b", 'a"b', "a`b", 1, None, ["a"], {}),
]


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_names(pair: Pair, name: Any) -> None:
    same(pair, [create(name=name)])


NO_FIELDS: list[Any] = [None, [], {}, 1, [1], [None], [{}], [{"type": "text"}]]
NO_RULES: list[Any] = [1, [], {}, True]
BODIES: list[Row] = [
    *({"type": t} for t in ("auth", "view", "nope", "", 1, None, ["base"])),
    *({"id": i} for i in ("own", "a b", record_id("posts"), "x" * 101, "", 1, None, "posts")),
    *({"fields": f} for f in NO_FIELDS),
    *({"indexes": i} for i in (None, [], "x", [1], [""], ["nope"], [None])),
    *({"listRule": r} for r in NO_RULES),
    *({"system": s} for s in ("x", 1)),
    {"created": "2020-01-01 00:00:00.000Z"},
    {"created": "nope", "updated": "2020-01-01 00:00:00.000Z"},
    {"unknown": 1, "viewQuery": "select 1"},
    {"fields": [TEXT, TEXT]},
    {"fields": [TEXT, {**TEXT, "type": "number"}]},
    {"fields": [{**TEXT, "id": "a"}, {**TEXT, "id": "b"}]},
    {"fields": [{**TEXT, "id": "a"}, {**TEXT, "id": "a", "name": "u"}]},
    {"fields": [{"id": "a", "name": "T", "type": "text"}, TEXT]},
    {"fields": [{"name": "id", "type": "number"}]},
    {"fields": [{"name": "id", "type": "text", "autogeneratePattern": "", "max": 5}]},
    {"id": "me", "fields": [{"name": "r", "type": "relation", "collectionId": "me"}]},
]


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_bodies(pair: Pair, body: Row) -> None:
    same(pair, [create(**body)])


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"1", b'"x"', b"{}", b"null"])
def test_bodies_that_are_none(pair: Pair, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    for method, path in (("POST", ""), ("PUT", "/import"), ("POST", "/meta/dry-run-view")):
        same(pair, [Ask(method, PATH + path, body=raw, headers=headers, who="root")])


INDEXES: list[list[str]] = [
    ["CREATE INDEX i1 ON made (t)"],
    ["create unique index `i1` on `made` (`t` collate nocase desc)"],
    ["CREATE INDEX i1 ON other (t)"],
    ["CREATE INDEX i1 ON made (nope)"],
    [
        "CREATE INDEX i1 ON made (t)",
        "CREATE INDEX i2 ON made (nope)",
        "CREATE INDEX i3 ON made (x)",
    ],
    ["CREATE INDEX i1 ON made (t)", "CREATE INDEX i1 ON made (id)"],
    ["CREATE INDEX i1 ON made (t)", "CREATE INDEX i2 ON made (t)"],
    ["CREATE INDEX idx_tags_name ON made (t)"],
    ["CREATE INDEX i1 ON made (t) WHERE t != ''"],
    ['CREATE INDEX i1 ON made (t) WHERE t != "x"'],
    ["CREATE INDEX i1 ON made (t) WHERE nope = 1"],
    ["CREATE INDEX i1 ON made (lower(t), id)"],
    ["CREATE INDEX i1 ON made (random())"],
    ["CREATE INDEX IF NOT EXISTS i1 ON made (t)"],
    ["CREATE INDEX i1 ON made (t); DROP TABLE posts"],
    ["DROP TABLE posts"],
    ["CREATE INDEX ON made (t)"],
    ["CREATE INDEX i1 ON made ()"],
]


@pytest.mark.parametrize("indexes", INDEXES, ids=str)
def test_indexes(pair: Pair, indexes: list[str]) -> None:
    same(pair, [create(fields=[TEXT], indexes=indexes)])


RULES = [
    *("", "t = 'x'", "id != '' && t ~ 'a'", "@request.auth.id != ''", "@collection.posts.id ?= id"),
    *("@request.auth.role = 'admin'", "@request.body.t:isset = false", "t:lower = 'a'"),
    *("@request.body.nope = 1", "@request.auth.nope = 1", "made_via_x.id = 1", "1 = 1"),
    *("nope = 1", "t.x = 1", "t =", "  ", "t", "(t = 1", "t = 'x", "@collection.nope.id = 1"),
    *("@collection.posts.nope = 1", "@request.nope = 1", "t:nope = 1", "nope(t) = 1", "t = 1 t"),
]


@pytest.mark.parametrize("rule", RULES)
def test_rules(pair: Pair, rule: str) -> None:
    keys = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")
    same(pair, [create(fields=[TEXT], **dict.fromkeys(keys, rule))], loose=TOLD)


# --- changes -----------------------------------------------------------------------------

FULL = [
    {"id": "ft", "name": "t", "type": "text"},
    {"id": "fn", "name": "n", "type": "number"},
    {"id": "fs", "name": "s", "type": "select", "values": ["a", "b"], "maxSelect": 1},
]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "renamed"},
        {"name": "posts"},
        {"name": ""},
        {"name": None, "system": None, "id": None, "type": None},
        {"id": "other"},
        {"type": "auth"},
        {"type": "view"},
        {"system": True},
        {"fields": []},
        {"fields": None},
        {"fields": FULL[:1]},
        {"fields": [*FULL, {"name": "more", "type": "json"}]},
        {"fields": [{**FULL[0], "name": "u"}, {**FULL[1], "name": "t"}]},
        {"fields": [{**FULL[0], "type": "number"}]},
        {"fields": [{**FULL[0], "required": True, "min": 90}, *FULL[1:]]},
        {"fields": [{**FULL[2], "maxSelect": 2}]},
        {"fields": [{"name": "t", "type": "number"}]},
        {"listRule": "t != ''", "fields": FULL[1:]},
        {"listRule": None},
        {"indexes": ["CREATE UNIQUE INDEX u1 ON made (t)"]},
        {"indexes": ["CREATE UNIQUE INDEX u1 ON made (n)"], "name": "renamed"},
        {"created": "2020-01-01 00:00:00.000Z"},
    ],
    ids=str,
)
def test_updates(pair: Pair, body: Row) -> None:
    records = f"{PATH}/made/records"
    rows = [{"id": record_id(i), "t": "same", "n": n, "s": "a"} for n, i in enumerate("abc")]
    first = [create(fields=FULL, listRule="t != ''", indexes=["CREATE INDEX x1 ON made (t)"])]
    same(pair, [*first, *(Ask("POST", records, json=row, who="root") for row in rows)])
    after = f"{PATH}/{body.get('name') or 'made'}/records"
    seen = [ask("PATCH", "/made", body), ask("GET", "/made"), ask("GET", "/renamed")]
    same(pair, [*seen, Ask("GET", after, {"sort": "id"}, who="root")], loose=TOLD)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/nope", {}),
        ("/_superusers", {"listRule": ""}),
        ("/_superusers", {"name": "other"}),
        ("/_superusers", {"authRule": "id = ''"}),
        ("/_superusers", {"system": False}),
        ("/_superusers", {"fields": []}),
        ("/_otps", {"listRule": None, "createRule": ""}),
        ("/_mfas", {"indexes": []}),
    ],
    ids=str,
)
def test_system_collections(pair: Pair, path: str, body: Row) -> None:
    same(pair, [ask("PATCH", path, body)])


def test_deletes(pair: Pair) -> None:
    relation = {"name": "r", "type": "relation", "collectionId": "one", "id": "rel"}
    required = {**relation, "required": True}
    row = {"id": record_id("row")}
    linked = {"id": record_id("row"), "r": record_id("row")}
    same(
        pair,
        [
            *(ask("DELETE", p) for p in ("/nope", "/_superusers", "/_otps", "/posts")),
            *(ask("DELETE", p) for p in ("/nope/truncate", "/_superusers/truncate")),
            ask("DELETE", "/post_stats/truncate"),
            create(name="first", id="one"),
            create(name="second", id="two", fields=[required]),
            # With more than one reference PocketBase names them in any order.
            ask("DELETE", "/first"),
            create(name="third", id="three", fields=[relation]),
            Ask("POST", f"{PATH}/first/records", json=row, who="root"),
            Ask("POST", f"{PATH}/second/records", json=linked, who="root"),
            Ask("POST", f"{PATH}/third/records", json=linked, who="root"),
            ask("DELETE", "/first/truncate"),
            ask("DELETE", "/second/truncate"),
            ask("DELETE", "/first/truncate"),
            ask("GET", "/third/records"),
            ask("GET", "/first/records"),
            ask("DELETE", "/two"),
            ask("DELETE", "/first"),
            ask("DELETE", "/third"),
            ask("DELETE", "/first"),
            ask("GET", "/first"),
            ask("GET", "/first/records"),
        ],
    )


# --- auth collections --------------------------------------------------------------------

GOOGLE = {"name": "google", "clientId": "a", "clientSecret": "b"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fields": [{"name": "email", "type": "text"}]},
        {"fields": [{"name": "email", "type": "email", "required": False}]},
        {"fields": [{"name": "password", "type": "password", "min": 3, "hidden": False}]},
        {"fields": [{"name": "oldPassword", "type": "text"}]},
        {"authRule": "nope = 1", "manageRule": "nope = 1"},
        {"authRule": None, "manageRule": ""},
        {"mfa": {"enabled": True}},
        {"mfa": {"enabled": True, "rule": "nope = 1"}, "otp": {"enabled": True}},
        {"mfa": {"enabled": True, "duration": 1}, "otp": {"enabled": True, "length": 1}},
        {"otp": {"enabled": True, "duration": 0, "emailTemplate": {"subject": "", "body": ""}}},
        {"passwordAuth": {"enabled": False}},
        {"passwordAuth": {"enabled": True, "identityFields": []}},
        {"passwordAuth": {"identityFields": ["email", "nope"]}},
        {"passwordAuth": {"identityFields": ["t"]}, "fields": [TEXT]},
        {"oauth2": {"enabled": True, "providers": [GOOGLE]}},
        {"oauth2": {"enabled": True, "providers": [GOOGLE, GOOGLE]}},
        {"oauth2": {"enabled": True, "providers": [{"name": "nope"}, {}]}},
        {"oauth2": {"enabled": True, "providers": [{**GOOGLE, "authURL": "nope"}]}},
        {"oauth2": {"enabled": True, "mappedFields": {"name": "nope", "id": "t"}}},
        {"oauth2": 1},
        {"authToken": {"duration": 1}},
        {"authToken": {"duration": 100, "secret": "short"}},
        {"authToken": {"duration": 10**9}},
        {"authToken": {"duration": "x"}},
        {"verificationTemplate": {"subject": "", "body": ""}},
        {"resetPasswordTemplate": None},
        {"otp": None, "mfa": None, "passwordAuth": None, "oauth2": None, "authAlert": None},
        {"authToken": None, "fileToken": {"duration": None}},
        {"indexes": ["CREATE INDEX i1 ON made (email)"]},
        {"indexes": ["CREATE UNIQUE INDEX i1 ON made (email)"]},
    ],
    ids=str,
)
def test_auth_collections(pair: Pair, body: Row) -> None:
    asks = [create(type="auth", **body), create(type="auth"), ask("PATCH", "/made", body)]
    same(pair, asks, loose=("data.*.message", "data.mfa.rule.message"))


# --- views -------------------------------------------------------------------------------

GOOD_VIEWS = [
    "SELECT id, title FROM posts",
    "select p.id, p.title as t, p.tags, a.id as author, a.email from posts p"
    " left join people a on a.id = p.author",
    "select id, (select count(*) from tags) as n, count(title) c, total(score) as tt, sum(score) s,"
    " max(score) m from posts group by id",
    "select id, cast(score as text) as a, cast(title as int) b, cast(title as bool) c,"
    " cast(title as real) d, cast(title as json) e from posts",
    "select (row_number() over()) as id, name from tags order by id",
    "select title as id, score from posts where title = 'First'",
    "select id, id as other, place, meta, flags, published, note, link from posts",
    "select x.id, x.title from (select * from posts) x;",
    "with q as (select id, name from tags) select id, name from q",
    "select id, \"lit\" as a, 'it''s' as b, (1 + 2) as c, null as d, 1.5 as e, true f from tags",
    "select id, password, tokenKey, email, emailVisibility, verified, created from people",
    "select id, comment_count as n, author from post_stats",
    "select id /* , */, name -- x\n from tags",
    "select t.id, n.value from tags t, json_each('[1]') n",
    "select id, file, files, json, point, tags, many, one, whole from everything",
]
BAD_VIEWS = [
    *("select * from posts", "select 1", "values (1)", "nope", "select id from nope", "   "),
    *("select id, nope from posts", "select p.* from posts p", "select id, title, from posts"),
    *("select id from posts; select 1", "delete from posts", "drop table posts", "select ? as id"),
    *("pragma table_info(posts)", "select null as id", "select '' as id", "select ID from posts"),
    *("select id, title as expand from posts", "select id, title as 'a b' from posts"),
    *("select a.id from posts a, tags b", "select max(id) as id from posts where 0"),
    *("select id, a b c d from posts", "select id from tags union select id from posts"),
    *("select id, length(title) from posts", "select id, title as a_via_b from posts"),
    *("select id, title as a, title as a from posts", "select load_extension('x') as id"),
    *("update posts set title = 1 returning id", "explain select id from posts"),
    *("attach 'x' as y", "select id, 1 as x" + "x" * 100, "select (id from posts"),
]


@pytest.mark.parametrize("query", [*GOOD_VIEWS, *BAD_VIEWS, "x" * 5001, "", None, 1])
def test_dry_runs(pair: Pair, query: Any) -> None:
    loose = ("sample.*.collectionId", "sample.*.collectionName")
    same(pair, [ask("POST", "/meta/dry-run-view", {"query": query})], loose=loose)


@pytest.mark.parametrize("query", GOOD_VIEWS)
def test_views_of_records(pair: Pair, query: str) -> None:
    records = f"{PATH}/made/records"
    made = create(type="view", viewQuery=query, listRule="", viewRule="id != ''")
    reads = [
        Ask("GET", records, {"sort": "id"}, who="root"),
        Ask("GET", records, {"sort": "-id", "expand": "author,tags,other"}, who=None),
        Ask("GET", records, {"filter": "id > 'c'", "sort": "id", "perPage": 2}, who="ann"),
        Ask("GET", f"{records}/{record_id('first')}", who="ann"),
        Ask("GET", f"{records}/1", who=None),
        *(Ask("POST", records, json={}, who=who) for who in ("root", None)),
        *(Ask(m, f"{records}/x", json={}, who="root") for m in ("PATCH", "DELETE")),
    ]
    same(pair, [made, *reads])


@pytest.mark.parametrize("query", [*BAD_VIEWS, "", None, 1])
def test_views_that_are_none(pair: Pair, query: Any) -> None:
    same(pair, [create(type="view", viewQuery=query)])


@pytest.mark.parametrize(
    "body",
    [
        *({"listRule": r} for r in ("name != ''", "nope = 1", "tags_via_x.id = 1", "")),
        *({"createRule": r} for r in ("", "id = 1", None)),
        {"updateRule": "", "deleteRule": "nope = 1"},
        {"fields": [TEXT]},
        {"indexes": ["CREATE INDEX i1 ON made (id)"]},
        {"viewQuery": "select id, weight from tags"},
        {"viewQuery": "select id, weight from tags", "listRule": "weight > 1"},
        {"viewQuery": "select nope from tags"},
        {"viewQuery": ""},
        {"viewQuery": None},
        {"name": "renamed"},
        {"type": "base"},
        {"id": "other"},
    ],
    ids=str,
)
def test_changed_views(pair: Pair, body: Row) -> None:
    made = create(type="view", viewQuery="select id, name from tags", viewRule="name != ''")
    same(pair, [made, ask("PATCH", "/made", body), ask("GET", "/made")], loose=TOLD)


ODD_VIEWS = {
    "select id from posts -- the end": "view query",
    "select id, '--' as c from posts": "view query",
    "select id /* ; */ from posts": "view query",
    "select id from (select id from posts) -- ;\nwhere 1": "view query",
    "select name as id, sql from sqlite_master": "own tables",
    "select id, value from _params": "own tables",
}


@pytest.mark.parametrize("query", ODD_VIEWS)
def test_views_told_apart(pair: Pair, query: str) -> None:
    tried = ask("POST", "/meta/dry-run-view", {"query": query})
    pair.same(tried, known=ODD_VIEWS[query])


def test_sources_that_are_renamed(pair: Pair) -> None:
    made = [create(fields=FULL), create(name="over", type="view", viewQuery="select id from made")]
    same(pair, made)
    pair.same(ask("PATCH", "/made", {"name": "renamed"}), known="renamed source")
    pair.send(ask("PATCH", "/renamed", {"name": "made"}))


def test_imported_views_in_any_order(pair: Pair) -> None:
    views = [
        {"name": "over", "type": "view", "viewQuery": "select id from under"},
        {"name": "under", "type": "view", "viewQuery": "select id from tags"},
    ]
    pair.same(bring(views), known="import order")


def test_views_and_what_they_read(pair: Pair) -> None:
    below = create(name="below", id="below1", fields=FULL)
    view = create(name="over", type="view", viewQuery="select id, t, n as num from below")
    top = create(name="top", type="view", viewQuery="select id, num from over", listRule="num > 0")
    hidden = [{**FULL[0], "hidden": True, "max": 7}, *FULL[1:]]
    same(
        pair,
        [
            *(below, view, top),
            ask("PATCH", "/below", {"fields": hidden}),
            *(ask("GET", f"/{name}") for name in ("below", "over", "top")),
            ask("PATCH", "/below", {"fields": [FULL[0], FULL[2]]}),
            *(ask("DELETE", f"/{name}") for name in ("below", "over")),
            *(ask("GET", f"/{name}") for name in ("below", "over", "top")),
            *(ask("DELETE", f"/{name}") for name in ("top", "over", "below")),
        ],
        loose=("message",),
    )


# --- import ------------------------------------------------------------------------------


def bring(collections: Any, **more: Any) -> Ask:
    return ask("PUT", "/import", {"collections": collections, **more})


ONE = {"id": "one1", "name": "one", "type": "base", "fields": [TEXT]}


@pytest.mark.parametrize(
    "collections",
    [
        *(None, [], {}, 1, "x", [1], [None], [{}], [[]]),
        [ONE],
        [{"name": "one"}],
        [{"name": "one", "type": "nope"}],
        [{"name": "a b"}],
        [ONE, ONE],
        [ONE, {**ONE, "id": "two2"}],
        [ONE, {**ONE, "name": "two"}],
        [{**ONE, "listRule": "nope = 1"}],
        [{**ONE, "listRule": "@collection.two.t = 1"}, {"name": "two", "fields": [TEXT]}],
        [{**ONE, "fields": [{"name": "r", "type": "relation", "collectionId": "one1"}]}],
        [{**ONE, "fields": [{"name": "r", "type": "relation", "collectionId": "nope"}]}],
        [{**ONE, "fields": [{"name": "a b", "type": "text"}]}],
        [ONE, {"name": "v", "type": "view", "viewQuery": "select id, t from one", "listRule": ""}],
        [ONE, {"name": "v", "type": "view", "viewQuery": "select id, nope from one"}],
        [{"name": "v", "type": "view", "viewQuery": "select id from nope"}],
        [{"name": "v", "type": "view", "viewQuery": "select max(id) as id from posts where 0"}],
        [{"name": "v", "type": "view", "viewQuery": "select id from tags", "createRule": ""}],
        [{"name": "who", "type": "auth"}],
        [{"name": "who", "type": "auth", "authToken": {"duration": 1}}],
        [{"name": "_superusers", "listRule": ""}],
        [{"id": "pbc_3142635823", "name": "other"}],
    ],
    ids=str,
)
def test_imports(pair: Pair, collections: Any) -> None:
    asks = [bring(collections), *(ask("GET", f"/{n}") for n in ("one", "two", "v", "who"))]
    same(pair, asks, loose=("data.collections.message",))


def test_what_an_import_says_is_wrong(pair: Pair) -> None:
    same(
        pair,
        [
            bring([{}]),
            bring([{"name": "a b"}]),
            bring([{"name": "one", "type": "nope"}]),
            bring([{"name": "one", "fields": [{"name": "s", "type": "select"}]}]),
            bring([ONE, {**ONE, "id": "two2"}]),
            bring([{"name": "v", "type": "view", "viewQuery": "select id from nope"}]),
            bring([ONE, {"name": "v", "type": "view", "viewQuery": "select id, no from one"}]),
            bring([{"name": "_superusers", "listRule": ""}]),
            bring(
                [{**ONE, "indexes": ["CREATE INDEX i1 ON one (t)", "CREATE INDEX i2 ON one (u)"]}]
            ),
            bring([{"id": "pbc_3142635823", "name": "other"}]),
        ],
    )


@pytest.mark.parametrize(
    "second",
    [
        [{**ONE, "fields": [{"name": "u", "type": "number"}]}],
        [{**ONE, "fields": []}],
        [{"id": "one1", "name": "renamed"}],
        [{"name": "one", "listRule": ""}],
        [{**ONE, "type": "auth"}],
        [{**ONE, "fields": [{"id": "text2238339752", "name": "t", "type": "number"}]}],
        [{**ONE, "fields": [{"id": "text2238339752", "name": "u", "type": "text"}]}],
    ],
    ids=str,
)
def test_second_imports(pair: Pair, second: Any) -> None:
    seen = [ask("GET", f"/{name}") for name in ("one", "renamed")]
    same(pair, [bring([ONE]), bring(second), *seen], loose=("data.collections.message",))


@pytest.mark.parametrize("flag", ["yes", 1, None, False, []])
def test_flags_of_imports(pair: Pair, flag: Any) -> None:
    same(pair, [bring([ONE], deleteMissing=flag), ask("GET", "/one"), ask("GET", "/posts")])
