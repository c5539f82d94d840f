"""Records: what filters pick, for superusers and for clients."""

from __future__ import annotations

import pytest

from tests.differential.pair import Ask, Pair
from tests.differential.seed import record_id

POSTS = "/api/collections/posts/records"
ANN, FIRST, RED = record_id("ann"), record_id("first"), record_id("red")

OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")
OPERANDS = {
    "title": ("'fourth'", "'10'", "10", "''", "null", "'F%'", "'%_%'", "'ticks\\''", "id", "true"),
    "score": ("0", "10", "-2.5", "'10'", "''", "null", "1e3", "true", "false", "title", "'1'"),
    "pinned": ("true", "false", "1", "0", "'true'", "''", "null", "score"),
    "published": ("''", "'2024-01-02'", "'2024-01-02 03:04:05.678Z'", "'2025'", "null", "@now"),
    "author": (f"'{ANN}'", "''", "null", "'ann'", "author.id", "author.boss"),
    "tags": (f"'{RED}'", "''", "null", "'red'", "'[]'"),
    "flags": ("'a'", "''", "'b'", "null", "'[\"a\"]'"),
    "status": ("'public'", "''", "'PUBLIC'", "'p'"),
    "meta": ("''", "null", "17", "true", "'just text'", "'17'", "'true'"),
    "meta.lang": ("'en'", "''", "null", "'EN'"),
    "meta.n": ("1", "'1'", "null", "''"),
    "meta.list": ("''", "'x'", "null"),
    "meta.list.2.x": ("'y'", "null"),
    "meta.0": ("1", "'1'"),
    "place": ("''", "'13'", "null"),
    "place.lon": ("0", "13.4", "''", "'13.4'"),
    "author.name": ("'Ann'", "''", "null", "'a'"),
    "author.boss.name": ("'Ann'", "''"),
    "author.age": ("40", "0", "31.5"),
    "tags.name": ("'red'", "''", "'e'", "null"),
    "tags.weight": ("1", "0", "-3"),
    "flags:length": ("0", "2", "'2'"),
    "tags:length": ("3", "1"),
    "author:length": ("0", "1"),
    "flags:each": ("'a'", "''", "'b'"),
    "tags:each": (f"'{RED}'", "''"),
    "title:lower": ("'first post'", "'FIRST POST'"),
    "author.name:lower": ("'ann'", "''"),
    "tags.name:lower": ("'red'",),
    "comments_via_post.text": ("'hm'", "''", "null", "'a'"),
    "comments_via_post.author.name": ("'Ann'", "''"),
    "comments_via_post.likes.name": ("'Ann'", "'n'"),
    "comments_via_post.id": ("''", "'ca0000000000000'"),
    "comments_via_post.likes:length": ("1", "0"),
}


@pytest.mark.parametrize("name", OPERANDS)
def test_operators(pair: Pair, name: str) -> None:
    filters = [f"{name} {op} {value}" for value in OPERANDS[name] for op in OPERATORS]
    _compare(pair, POSTS, filters, "root")


@pytest.mark.parametrize("name", [n for n in OPERANDS if "." in n or ":" in n])
@pytest.mark.parametrize("who", ["root", None])
def test_any_of_many(pair: Pair, name: str, who: str | None) -> None:
    values = OPERANDS[name][:2]
    filters = [f"{name} ?{op} {value}" for value in values for op in OPERATORS[::2]]
    _compare(pair, POSTS, [*filters, f"{name} != {values[0]}"], who)


SYNTAX = [
    "title = 'x' && score = 1",
    "title='fourth'||score=10",
    "(title='fourth'||score=10)&&id!=''",
    "((((id != ''))))",
    "()",
    "(",
    ")",
    "id",
    "id =",
    "= id",
    "id = ''",
    "id='a' id='b'",
    *(
        "id = 'a' &",
        "id='a' && ",
        "&& id='a'",
        "id='a' and id='b'",
        "id != '' || ",
        "!id",
        "id == 'a'",
    ),
    *(
        "id <> 'a'",
        "id ? 'a'",
        "id ?? 'a'",
        "id ?= 'a'",
        "id ~ 'FIRST'",
        "id ~ '%st0%'",
        "id ~ '_irst%'",
    ),
    *(
        "title ~ '%'",
        "title ~ ''",
        "title !~ ''",
        "title ~ 'post%'",
        "title ~ '%post'",
        "title ~ '\\%'",
    ),
    *(
        "title ~ 'ÜN'",
        "title ~ 'ün'",
        "title ~ 'T_i'",
        'title = "fourth"',
        "title = 'it\\'s'",
        "title='a\\\\b'",
    ),
    *(
        "1 = 1",
        "1 = '1'",
        "'a' = 'a'",
        "'a' ~ 'A'",
        "true = true",
        "null = null",
        "null = ''",
        "'' = ''",
    ),
    *(
        "1 > '0'",
        "'2' > 1",
        "1.5 = 1.50",
        "1e3 = 1000",
        "-1 < 0",
        "+1 = 1",
        "- 1 = -1",
        ".5 = 0.5",
        "5. = 5",
    ),
    *(
        "0x10 = 16",
        "1_000 = 1000",
        "TRUE = true",
        "True = 1",
        "NULL = null",
        "false = 0",
        "true = 1",
        "true = 'true'",
    ),
    *(
        "score = 1e15",
        "score > 1e14",
        "score = 1000000000000000",
        "score = 99999999999999999999",
        "score = -0",
    ),
    "nope = 1",
    "author.nope = 1",
    "title.x = 1",
    "nope.x = 1",
    "tags.nope ~ 'x'",
    "x_via_y = 1",
    *(
        "comments_via_nope.id = ''",
        "nope_via_post.id = ''",
        "comments_via_post = ''",
        "posts_via_author.id = ''",
    ),
    *(
        "title:nope = 'x'",
        "title:each = 'x'",
        "title:length = 5",
        "score:lower = '10'",
        "flags:lower = 'a'",
        "title:isset = true",
    ),
    *(
        "title:changed = true",
        "title: lower = 'x'",
        "title :lower = 'x'",
        "title:lower:each = 'x'",
        "flags:each:lower = 'a'",
    ),
    *(
        "meta:lower = 'just text'",
        "meta:length = 1",
        "meta.list:length = 3",
        "meta.list:each = 1",
        "pinned:lower = 'true'",
    ),
    *(
        "id = 'first0000000000' // comment",
        "// only comment",
        "id != '' // a\n&& id = 'x'",
        "id\n!=\t''",
        "id='x'\r\n||id!=''",
    ),
    *(
        "@now > created",
        "created < @now",
        "@yesterday < @tomorrow",
        "@todayStart <= @now",
        "@todayEnd >= @now",
        "@nope = 1",
    ),
    *(
        "@second >= 0",
        "@minute < 60",
        "@hour < 24",
        "@weekday < 7",
        "@day > 0",
        "@month > 0",
        "@year > 2000",
    ),
    *(
        "@monthStart < @monthEnd",
        "@yearStart < @yearEnd",
        "@now = ''",
        "@now ~ '20'",
        "published > @yearStart",
        "@tomorrow:lower = 1",
    ),
    *(
        "@rowid > 0",
        "@random > 0",
        "collectionId != ''",
        "collectionName = 'posts'",
        "expand = 1",
        "ID = 'x'",
        "Title = 'x'",
    ),
    *(
        "geoDistance(place.lon, place.lat, 13.4, 52.5) < 100",
        "geoDistance(0,0,0,0) = 0",
        "geoDistance(place.lon,place.lat,0,51) > 50",
    ),
    *(
        "geoDistance(1,2,3) < 1",
        "geoDistance('1',2,3,4) < 1",
        "geoDistance(place.lon, place.lat, score, 0) > 1",
        "geoDistance() = 1",
    ),
    *(
        "geoDistance(nope,0,0,0) < 1",
        "geoDistance(null,0,0,0) = null",
        "geoDistance(title,0,0,0) > 0",
        "geoDistance(tags.weight,0,0,0) > 0",
    ),
    *(
        "geoDistance(0,0,180,0) > 20000",
        "geoDistance(true,0,0,0) > 0",
        "1 < geoDistance(0,0,1,1)",
        "geoDistance(0,0,0,0) ?= 0",
    ),
    *(
        "strftime('%Y', published) = '2024'",
        "strftime('%Y-%m', created) = strftime('%Y-%m', @now)",
        "strftime('%Y') = '2024'",
    ),
    *(
        "strftime('%Y', '2024-01-02', '+1 day') = '2024'",
        "strftime('%d', published, 'start of month') = '01'",
        "strftime('%J',published)>0",
    ),
    *(
        "strftime(title, published) = ''",
        "strftime('%Y', title) = null",
        "strftime('%Y', author.created) ?= '2026'",
        "strftime() = 1",
    ),
    *(
        "strftime('%Y', comments_via_post.created) = '2026'",
        "strftime('%Y', tags.created) ?= '2026'",
        "nope(1) = 1",
        "lower(title) = 'x'",
    ),
    *(
        "strftime('%s','now') > 0",
        "strftime('%x', published) = 'x'",
        "strftime('', published) = ''",
        "strftime('%Y', 0) = '-4713'",
    ),
    *(
        "title = 'a' || title = 'b' || title = 'fourth' || score = 10 && pinned = true",
        "score=10&&pinned=true||title='2'",
    ),
    *(
        "author.name = 'Ann' && author.age = 40",
        "author.name = 'Bob' || author.boss.name = 'Bob'",
        "author.boss.boss.name = 'Ann'",
    ),
    *(
        "tags.name ?= 'red' && tags.weight ?= 2.5",
        "tags.name ?= 'red' && tags.name ?= 'green'",
        "tags.name = 'red' || tags.name = 'green'",
    ),
    *(
        "comments_via_post.text ?= 'hm' && comments_via_post.author.name ?= 'Ann'",
        "comments_via_post.author ?= author",
    ),
    *(
        "comments_via_post.likes.id ?= author",
        "comments_via_post.author.posts_via_author.title ?= 'fourth'",
        "author.posts_via_author.id ?= id",
    ),
    *(
        "tags.posts_via_tags.author.name ?= 'Bob'",
        "author.friends.name ?= 'Ann'",
        "author.friends.boss.name = 'Ann'",
        "author.boss.friends:length = 0",
    ),
    *(
        "author = author",
        "title = id",
        "title ~ title",
        "title ~ status",
        "score > place.lon",
        "created = updated",
        "flags ~ status",
    ),
    *(
        "tags = tags",
        "tags.id ?= author.id",
        "tags.weight > score",
        "tags.weight ?> score",
        "flags:each ?= flags:each",
        "tags.name = tags.name",
    ),
    *(
        "author.email ~ 'example'",
        "author.email = ''",
        "author.secret ~ 'ann'",
        "author.password != ''",
        "author.tokenKey != ''",
        "note ~ 'first'",
    ),
    *(
        "author.emailVisibility = true",
        "author.verified = true",
        "comments_via_post.author.email ?~ 'ann'",
        "author.email:lower != ''",
    ),
    *(
        "@request.auth.id = ''",
        "@request.method = 'GET'",
        "@request.query.filter ~ 'x'",
        "@request.headers.host != ''",
        "@request.body.x = 1",
    ),
    *(
        "@request.context = 'default'",
        "@request.auth.nope = 1",
        "@request.nope = 1",
        "@request.query.x:isset = false",
        "@request. = 1",
    ),
    *(
        "@collection.tags.name ?= 'red'",
        "@collection.tags:t.name ?= 'red' && @collection.tags:u.name ?= 'blue'",
        "@collection.nope.x = 1",
    ),
    *(
        "@collection.comments.post ?= id",
        "@collection.comments.post ?= id && @collection.comments.text ?= 'hm'",
        "@collection.tags = 1",
    ),
    *(
        "@collection.people.name = author.name",
        "@collection.comments:a.post ?= id && @collection.comments:b.text ?= 'hm'",
    ),
    "title = '@request.'",
    "title = '@collection.'",
    "// @request.\nid != ''",
    *(
        "x" * 3600,
        "id='" + "x" * 3400 + "'",
        "&&".join(["id!=''"] * 150),
        "||".join(["id=''"] * 250),
        "(" * 120 + "id!=''" + ")" * 120,
    ),
    *(
        " ",
        "\t",
        "id = 'a\x00b'",
        "id = 'é' || title ~ '漢'",
        "title ~ '\U0001f600'",
        "\ufeffid != ''",
        "id != '';",
        "id != '' --",
    ),
]


def test_syntax(pair: Pair) -> None:
    _compare(pair, POSTS, SYNTAX, "root")


@pytest.mark.parametrize("who", ["bob", None])
def test_what_clients_may_ask(pair: Pair, who: str | None) -> None:
    _compare(pair, POSTS, [f for f in SYNTAX if "." in f or "@" in f or "_via_" in f], who)


OTHERS = {
    "people": [
        "email ~ 'example'",
        "email = 'bob@example.com'",
        "email != 'x'",
        "email = ''",
        "secret != ''",
        "id != '' || email ~ 'bob'",
        "email ~ 'ann' || email ~ 'bob'",
        "email:lower ~ 'ANN'",
        "password = ''",
        "friends.email ?~ 'bob'",
        "boss.email ~ 'ann'",
        "boss.email !~ 'ann'",
        "people_via_boss.email ?~ 'cat'",
        "emailVisibility = false",
        "verified = false",
        "tokenKey != ''",
        "friends:length > 1",
        "age > 30 && age < 32",
        "posts_via_author.title ~ 'first'",
        "posts_via_author.id ?= ''",
        "comments_via_likes.text ?~ 'done'",
        "friends:each != 'x'",
        "friends ~ 'ann'",
        "friends.name ?= 'Ann' && friends.name ?= 'Bob'",
        "boss = friends",
        "folders_via_owner.name ?= 'docs'",
        "folders_via_owner.parent.name ?= 'root'",
        "locked_via_tag.id = ''",
    ],
    "post_stats": [
        "comment_count > 1",
        "comment_count = '3'",
        "title ~ 'post'",
        "author.name = 'Ann'",
        "id != ''",
        "nope = 1",
        "author.boss.name = 'Ann'",
        "comment_count:length = 1",
        "comment_count = null",
        "@rowid > 0",
    ],
    "comments": [
        "post.title ~ 'first'",
        "post.status = 'draft'",
        "post.author.name = 'Bob'",
        "post.tags.name ?= 'red'",
        "post.note ~ 'about'",
        "post.comments_via_post.text ?= 'hm'",
        "likes.posts_via_author.title ?~ 'p'",
        "id != '' || post.title = 'x'",
        "likes.name = 'Ann'",
        "likes.name != 'Ann'",
        "likes.name ?!= 'Ann'",
        "likes:length = 0",
        "likes ~ 'ann'",
        "author = ''",
    ],
    "folders": [
        "parent.parent.name = 'root'",
        "folders_via_parent.name ?= 'docs'",
        "folders_via_parent.folders_via_parent.name ?= 'new'",
        "parent = ''",
        "parent.parent.parent.parent.parent.parent.id = ''",
        "parent.parent.parent.parent.parent.parent.parent.id = ''",
        "owner.name = 'Bob' && parent.owner.name = 'Ann'",
        "folders_via_parent.id = ''",
        "folders_via_parent.id != ''",
    ],
    "everything": [
        "tags.name ?= 'red'",
        "many ?= 'a'",
        "many:each ?= 'a'",
        "many:each = 'a'",
        "file = ''",
        "files:length = 0",
        "hidden ~ 'not'",
        "parent.tags.name ?= 'red'",
        "everything_via_parent.code = 'ch'",
        "json.a.1.b = 'c'",
        "json.a.0 = 1",
        "json = null",
        "json = ''",
        "point.lon > 1",
        "point = ''",
        "whole = 7 && bool = true",
        "date > '2024-02-28'",
        "url ~ 'good.com'",
        "editor ~ 'rich'",
    ],
    "locked": ["text != ''", "tag.name = 'red'"],
    "tags": [
        "name = 'red'",
        "locked_via_tag.text != ''",
        "posts_via_tags.author.name ?= 'Bob'",
        "name ~ 'e' && weight > 0",
    ],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("who", ["root", "ann", "cat", None])
def test_other_collections(pair: Pair, name: str, who: str | None) -> None:
    _compare(pair, f"/api/collections/{name}/records", OTHERS[name], who)


def _compare(pair: Pair, path: str, filters: list[str], who: str | None) -> None:
    query = {"sort": "id", "fields": "id"}
    pair.all_same(Ask("GET", path, {"filter": text, **query}, who=who) for text in filters)
