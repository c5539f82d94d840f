"""Records: pages, sorts and shown fields of lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential import seed
from tests.differential.pair import Ask, Pair

POSTS = "/api/collections/posts/records"

PAGES: list[dict[str, Any] | str] = [
    *({"page": v} for v in (0, 1, 2, 3, 99, -1, "x", "", "1.5", "1e1", " 2", 2**31, 2**63, "0x2")),
    *({"perPage": v} for v in (0, 1, 2, 3, 7, 500, 999, 1000, 1001, 5000, -1, "x", "", "2.0")),
    *({"skipTotal": v} for v in (1, 0, "true", "false", "x", "", "T", "yes", -1, "1.0")),
    {"page": 2, "perPage": 3},
    {"page": 3, "perPage": 3},
    {"page": 4, "perPage": 3, "skipTotal": 1},
    "page=1&page=2&perPage=2",
    "page=%31&perPage=2",
    "perpage=1",
    "perPage=1;page=2",
    "&&=&perPage=2&",
    "perPage=2&perPage=3",
    "page=%zz&perPage=2",
    "perPage=2%00",
]


@pytest.mark.parametrize("who", ["root", "bob", None])
def test_pages(pair: Pair, who: str | None) -> None:
    def with_sort(query: dict[str, Any] | str) -> dict[str, Any] | str:
        return f"sort=id&{query}" if isinstance(query, str) else {"sort": "id", **query}

    pair.all_same(Ask("GET", POSTS, with_sort(query), who=who) for query in PAGES)


def test_huge_page(pair: Pair) -> None:
    query = {"page": 2**62, "perPage": 1000, "sort": "id"}
    pair.same(Ask("GET", POSTS, query, who="root"), known="page-overflow")


SORTS = [
    *("title", "-title", "+title", "title,-id", "-score,id", "score,title", "created,id"),
    *("author", "author.name,id", "-author.boss.name,id", "author.age,id", "tags,id", "flags,id"),
    *("tags.name,id", "-tags.weight,id", "tags:length,id", "flags:length,-id", "flags:each,id"),
    *("meta.lang,id", "meta.n,id", "meta,id", "meta.list.0,id", "meta.deep.a,id", "place,id"),
    *("place.lon", "-place.lat,id", "pinned,published,id", "link,id", "contact,id", "body,id"),
    *("@rowid", "-@rowid", "@rowid,id", "title:lower,id", "-title:lower,id"),
    *("comments_via_post.text,id", "-comments_via_post.created,id", "comments_via_post,id"),
    *(",", "id,", ",id", " id", "id ", "id,,title", "--id", "+-id", "id desc", "nope", "note"),
    *("-note,id", "@request.auth.id", "@collection.tags.name", "@now", "title:x", "title:each"),
    *("author.nope", "author.secret,id", "author.email,id", "author.password", "author.tokenKey"),
    *("id;drop table posts", "`id`", "'id'", "1", "title.x", "score:length", "posts.id", "ID"),
    *("a,b,c", "id,id,id,id,id,id,id,id", "id,id,id,id,id,id,id,id,id", "t" * 300),
    *("collectionId", "collectionName", "expand", "author.id,id", "author.tags", "@rowid.x"),
]


@pytest.mark.parametrize("who", ["root", "bob", None])
def test_sorts(pair: Pair, who: str | None) -> None:
    asks = [Ask("GET", POSTS, {"sort": sort, "fields": "id"}, who=who) for sort in SORTS]
    # Which of many back related records counts is up to PocketBase's query planner.
    pair.all_same((ask for ask in asks if "_via_" in str(ask.query)), any_order=True)
    pair.all_same(ask for ask in asks if "_via_" not in str(ask.query))


@pytest.mark.parametrize("who", ["root", "bob", None])
@pytest.mark.parametrize("sort", ["", "@random", "-@random", " "])
def test_no_certain_order(pair: Pair, sort: str, who: str | None) -> None:
    pair.same(Ask("GET", POSTS, {"sort": sort}, who=who), any_order=True)


def test_sorts_by_secrets(pair: Pair) -> None:
    path = "/api/collections/people/records"
    sorts = ("password", "tokenKey", "boss.tokenKey", "-password")
    asks = [Ask("GET", path, {"sort": s}, who=who) for s in sorts for who in ("root", "ann", None)]
    pair.all_same(asks, any_order=True)


def test_sorts_of_other_collections(pair: Pair) -> None:
    cases = [
        *(("people", s) for s in ("email,id", "-emailVisibility,id", "boss.name,id")),
        *(("people", s) for s in ("secret", "nope", "verified,id", "friends.name,id", "age")),
        *(("post_stats", s) for s in ("id", "comment_count,id", "-title", "@rowid", "author.name")),
        *(("comments", s) for s in ("post.author.name,id", "post.tags.name,id", "likes.age,id")),
        *(("folders", s) for s in ("parent.parent.owner.name,id", "folders_via_parent.name,id")),
    ]
    pair.all_same(
        Ask("GET", f"/api/collections/{name}/records", {"sort": sort}, who=who)
        for name, sort in cases
        for who in ("root", "ann", None)
    )


FIELDS = [
    *("*", "id", "id,title", "title,nope", " id , title ", "", ",", "id,,title", "ID", "*,expand"),
    *("meta", "meta.lang", "meta.list", "meta.list.x", "meta.deep.a", "meta.lang.x", "place.lon"),
    *("body:excerpt(10)", "body:excerpt(10,true)", "body:excerpt(10,false)", "body:excerpt(0)"),
    *(
        "body:excerpt(5000)",
        "body:excerpt(-1)",
        "body:excerpt()",
        "body:excerpt",
        "title:excerpt(3)",
    ),
    *(
        "body:excerpt(10,true",
        "body:excerpt(x)",
        "body:nope(1)",
        "score:excerpt(1)",
        "meta:excerpt(3)",
    ),
    *(
        "title:excerpt(5,true),id",
        "*:excerpt(3)",
        "*,body:excerpt(5)",
        "body:excerpt(5),*",
        "flags",
    ),
    *("expand", "expand.author", "expand.author.name", "expand.tags.name", "*,expand.tags.name"),
    *("expand.*", "*.*", "*.name", "expand.author.*", "expand.*.name", "expand.*.id,id", "tags.x"),
    *("expand.author.expand.boss.name", "expand.author.expand", "collectionId,collectionName"),
    *(
        "expand.tags.name:excerpt(2)",
        "title:excerpt(4, true)",
        "note",
        "author",
        "id,id",
        "flags.0",
    ),
    *("body:excerpt(10,yes)", "body:excerpt(10,1)", "body:excerpt(10,true,x)", "body:excerpt( 7 )"),
    *(
        "expand.comments_via_post.text",
        "page",
        "items",
        "x" * 500,
        "a.b.c.d.e.f.g.h",
        "body : excerpt(3)",
    ),
]


@pytest.mark.parametrize("who", ["root", None])
def test_fields(pair: Pair, who: str | None) -> None:
    expand = "author.boss,tags,comments_via_post"
    first = f"{POSTS}/{seed.record_id('first')}"
    pair.all_same(
        Ask("GET", path, {"fields": fields, "expand": expand, "sort": "id"}, who=who)
        for fields in FIELDS
        for path in (POSTS, first)
    )


def test_fields_of_lists_do_not_name_the_page(pair: Pair) -> None:
    pair.all_same(Ask("GET", POSTS, {"fields": f, "page": 9}) for f in ("id", "items.id", "page"))


EXPANDS = [
    *("author", "author.boss", "author.boss.boss", "tags", "author,tags", "author.friends.boss"),
    *("comments_via_post", "comments_via_post.author", "comments_via_post.likes.boss", "nope"),
    *(
        "author.nope,tags",
        "",
        ",",
        "author,",
        " author , tags ",
        "author.",
        ".author",
        "author..boss",
    ),
    *(
        "AUTHOR",
        "title",
        "meta.x",
        "tags.posts_via_tags",
        "author.posts_via_author.tags",
        "author,author",
    ),
    *(
        "author.comments_via_author.post.author",
        "comments_via_author",
        "comments_via_nope",
        "nope_via_post",
    ),
    *(
        "comments_via_post(post)",
        "comments(post)",
        "comments(post).author",
        "posts_via_author",
        "*",
    ),
    *(
        "author.boss.boss.boss.boss.boss.boss.boss",
        "tags.x",
        "author.secret",
        "everything_via_tags",
    ),
    *(
        "author.folders_via_owner",
        "author.folders_via_owner.parent",
        "tags.locked_via_tag",
        "expand",
    ),
]


@pytest.mark.parametrize("who", ["root", "ann", "cat", None])
def test_expand(pair: Pair, who: str | None) -> None:
    first = f"{POSTS}/{seed.record_id('first')}"
    pair.all_same(
        Ask("GET", path, {"expand": expand, "sort": "id"}, who=who)
        for expand in EXPANDS
        for path in (POSTS, first)
    )


def test_expand_elsewhere(pair: Pair) -> None:
    cases = [
        *(("people", e) for e in ("boss", "friends.boss", "people_via_boss", "comments_via_likes")),
        *(("people", e) for e in ("posts_via_author.comments_via_post", "people_via_friends.boss")),
        *(("locked", e) for e in ("tag", "tag.posts_via_tags")),
        *(("tags", e) for e in ("locked_via_tag", "posts_via_tags.author", "everything_via_tags")),
        *(
            ("everything", e)
            for e in ("parent.tags", "everything_via_parent.tags", "file", "json.x")
        ),
        *(
            ("folders", e)
            for e in ("parent.parent.parent", "folders_via_parent.owner", "owner.boss")
        ),
        *(("post_stats", e) for e in ("author", "id", "comments_via_post", "author.boss")),
    ]
    pair.all_same(
        Ask("GET", f"/api/collections/{name}/records", {"expand": expand, "sort": "id"}, who=who)
        for name, expand in cases
        for who in ("root", "ann", "cat", None)
    )
