"""Realtime: subscribing, who hears what, and in which form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.listening import Ears, ears, send_all, with_options
from tests.differential.pair import Ask, Pair
from tests.differential.seed import record_id

POSTS = "/api/collections/posts/records"
EVERYTHING = "/api/collections/everything/records"
PEOPLE = "/api/collections/people/records"


def post(name: str, **values: Any) -> Ask:
    body = {"id": record_id(name), "title": name, "status": "public"} | values
    return Ask("POST", POSTS, json=body, who="root")


def test_greeting(pair: Pair) -> None:
    both = Ears(pair)
    for listener in both:
        assert len(listener.id) == 40
        text = f'id:{listener.id}\nevent:PB_CONNECT\ndata:{{"clientId":"{listener.id}"}}\n\n'
        assert listener.text.decode() == text
        listener.close()
    for name in ("content-type", "cache-control", "x-accel-buffering"):
        assert both.theirs.answer.getheader(name) == both.ours.answer.getheader(name), name


SUBSCRIPTIONS: list[Any] = [
    [],
    None,
    ["posts"],
    ["posts/*", "posts/*"],
    [""],
    ["nowhere/*", "?", "posts/*?options=%%%", "posts?options={"],
    "posts",
    {"a": 1},
    [1],
    [None],
    [["posts"]],
    ["x" * 2500],
    ["x" * 2501],
    ["é" * 1250],
    ["é" * 1251],
    ["é" * 2500],
    ["é" * 2501],
    ["a", "x" * 2501, "b", "y" * 3000],
    [f"t{n}" for n in range(1000)],
    [f"t{n}" for n in range(1001)],
]


@pytest.mark.parametrize("subscriptions", SUBSCRIPTIONS, ids=lambda s: str(s)[:30])
def test_subscriptions(pair: Pair, subscriptions: Any) -> None:
    with ears(pair) as both:
        pair.same(both.ask(subscriptions))


BODIES: list[Any] = [
    {},
    [],
    "text",
    None,
    {"clientId": ""},
    {"clientId": "x"},
    {"clientId": "x" * 40, "subscriptions": ["posts"]},
    {"clientId": "x" * 255},
    {"clientId": "x" * 256},
    {"clientId": "é" * 255},
    {"clientId": 1},
    {"clientId": None, "subscriptions": ["a"]},
    {"clientId": ["a"]},
    {"clientId": "\x00"},
    {"clientId": "", "subscriptions": ["x" * 2501]},
]


@pytest.mark.parametrize("body", BODIES, ids=lambda b: str(b)[:30])
def test_bodies(pair: Pair, body: Any) -> None:
    pair.same(Ask("POST", "/api/realtime", json=body))


def test_odd_requests(pair: Pair) -> None:
    with ears(pair) as both:
        both.ask([])
        form = {"clientId": "<client>", "subscriptions": "posts/*"}
        pair.all_same(
            [
                Ask("POST", "/api/realtime"),
                Ask(
                    "POST", "/api/realtime", body=b"{", headers={"content-type": "application/json"}
                ),
                Ask("POST", "/api/realtime", form=form),
                Ask("PUT", "/api/realtime"),
                Ask("DELETE", "/api/realtime"),
                Ask("POST", "/api/realtime/x"),
            ]
        )


def test_auth_may_be_gained_not_changed(pair: Pair) -> None:
    with ears(pair) as both:
        for who in (None, "ann", "ann", "bob", None, "root", "ann"):
            pair.same(both.ask(["posts"], who=who))


TOPICS = ["posts", "posts/*", "posts000000000000", "posts/new000000000000", "posts/new"]


@pytest.mark.parametrize("who", [None, "ann", "bob", "root"])
def test_events(pair: Pair, who: str | None) -> None:
    topics = [
        *TOPICS[:2],
        record_id("posts"),
        f"{record_id('posts')}/*",
        f"posts/{record_id('new')}",
    ]
    with ears(pair, *topics, "POSTS/*", "posts/", who=who) as both:
        path = f"{POSTS}/{record_id('new')}"
        send_all(
            pair,
            [
                post("new", meta={"a": [1, 2]}, tags=[record_id("red")], note="hidden", score=1.5),
                Ask("PATCH", path, json={"title": "newer"}, who="root"),
                Ask("DELETE", path, who="root"),
            ],
        )
        both.same(at_least=15)


@pytest.mark.parametrize("who", [None, "ann", "bob", "cat", "root"])
def test_rules(pair: Pair, who: str | None) -> None:
    with ears(pair, "posts/*", "comments/*", "locked/*", "folders/*", "tags", who=who) as both:
        send_all(
            pair,
            [
                post("new", status="draft", author=record_id("bob")),
                Ask("PATCH", f"{POSTS}/{record_id('new')}", json={"status": "public"}, who="root"),
                Ask(
                    "POST",
                    "/api/collections/comments/records",
                    json={"id": record_id("said"), "post": record_id("new"), "text": "yes"},
                    who="root",
                ),
                Ask("POST", "/api/collections/locked/records", json={"text": "a"}, who="root"),
                Ask(
                    "POST",
                    "/api/collections/folders/records",
                    json={"id": record_id("f"), "parent": record_id("root")},
                    who="root",
                ),
                Ask("PATCH", f"{POSTS}/{record_id('new')}", json={"status": "draft"}, who="root"),
                Ask("DELETE", f"{POSTS}/{record_id('new')}", who="root"),
            ],
        )
        both.same()


OPTIONS: list[dict[str, Any]] = [
    {"query": {"fields": "id,title"}},
    {"query": {"fields": "title:excerpt(3,true),expand.author.name"}},
    {"query": {"expand": "author,tags"}},
    {"query": {"expand": "author.boss,comments_via_post.author", "fields": "*,expand.author.id"}},
    {"query": {"expand": "nope,note,author.nope"}},
    {"query": {"fields": "title:nope(1)"}},
    {"query": {"fields": ""}},
    {"query": {"filter": "title = 'other'"}},
    {"query": {"filter": "title = 'new'"}},
    {"query": {"filter": "author.name = 'Bob' && tags.name ?= 'blue'"}},
    {"query": {"filter": "nope = 1"}},
    {"query": {"filter": "("}},
    {"query": {"filter": "  "}},
    {"query": {"filter": "note = 'none' || note != 'none'"}},
    {"query": {"filter": "author.secret != 'a'"}},
    {"query": {"filter": "author.email != 'a'"}},
    {"query": {"filter": "@request.auth.id != '' && @request.context = 'realtime'"}},
    {"query": {"filter": "@request.query.x = '1'", "x": 1}},
    {"query": {"filter": "comments_via_post.id = ''"}},
    {"query": {"filter": "title = 'new'", "expand": "author", "fields": "id"}},
    {"query": {"sort": "nope"}},
    {"headers": {"x-a": "b"}},
    {"query": {"a": 1, "b": True, "c": None, "d": [1], "e": 1.5}},
    {"nonsense": {"a": 1}},
]


@pytest.mark.parametrize("who", [None, "cat", "root"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(pair: Pair, options: dict[str, Any], who: str | None) -> None:
    topics = ("posts/*", f"posts/{record_id('new')}")
    with ears(pair, *(with_options(t, **options) for t in topics), who=who) as both:
        new = post("new", author=record_id("bob"), tags=[record_id("red"), record_id("blue")])
        send_all(pair, [new, Ask("DELETE", f"{POSTS}/{record_id('new')}", who="root")])
        both.same(at_least=0)


@pytest.mark.parametrize("who", [None, "ann", "bob", "dan", "root"])
def test_mail_addresses(pair: Pair, who: str | None) -> None:
    with ears(pair, "people/*", who=who) as both:
        asks = [
            Ask("PATCH", f"{PEOPLE}/{record_id(name)}", json={"age": 77}, who="root")
            for name in ("ann", "bob", "dan")
        ]
        send_all(pair, asks)
        both.same(at_least=3)


def test_batch(pair: Pair) -> None:
    with ears(pair, "everything/*", "tags") as both:
        requests = [
            {"method": "POST", "url": EVERYTHING, "body": {"code": "b1", "text": "one"}},
            {"method": "POST", "url": EVERYTHING, "body": {"code": "b2", "text": "two"}},
            {
                "method": "PATCH",
                "url": f"{EVERYTHING}/{record_id('empty')}",
                "body": {"number": 5},
            },
            {"method": "DELETE", "url": f"{EVERYTHING}/{record_id('child')}"},
        ]
        send_all(pair, [Ask("POST", "/api/batch", json={"requests": requests})])
        both.same(at_least=4)
        requests.append({"method": "DELETE", "url": f"{EVERYTHING}/nope"})
        pair.send(Ask("POST", "/api/batch", json={"requests": requests[1:]}))
        both.same(at_least=0)


def test_cascade(pair: Pair) -> None:
    with ears(pair, "comments/*", "posts/*", "folders/*", who="root") as both:
        send_all(
            pair,
            [
                Ask("DELETE", f"{POSTS}/{record_id('first')}", who="root"),
                Ask("DELETE", f"/api/collections/tags/records/{record_id('green')}", who="root"),
                Ask("DELETE", f"/api/collections/folders/records/{record_id('docs')}", who="root"),
            ],
        )
        both.same(at_least=4)


def test_deleted_account(pair: Pair) -> None:
    with ears(pair, "posts/*", "people/*", who="bob") as both:
        send_all(pair, [post("a", status="draft", author=record_id("bob"))])
        both.same()
        send_all(pair, [Ask("DELETE", f"{PEOPLE}/{record_id('bob')}", who="root")])
        both.same(at_least=0)
        send_all(pair, [post("b", status="draft"), post("c")])
        both.same(at_least=0)


def test_new_password(pair: Pair) -> None:
    with ears(pair, "posts/*", who="bob") as both:
        change = {"password": "another-pass-1", "passwordConfirm": "another-pass-1"}
        send_all(pair, [Ask("PATCH", f"{PEOPLE}/{record_id('bob')}", json=change, who="root")])
        send_all(pair, [post("a", status="draft", author=record_id("bob")), post("c")])
        both.same(at_least=0)


def test_changed_rights(pair: Pair) -> None:
    with ears(pair, "posts/*", who="dan") as both:
        send_all(pair, [post("a", status="draft")])
        both.same(at_least=0)
        role = Ask("PATCH", f"{PEOPLE}/{record_id('dan')}", json={"role": "admin"}, who="root")
        send_all(pair, [role, post("b", status="draft")])
        both.same(at_least=0)


def test_views_are_silent(pair: Pair) -> None:
    with ears(pair, "post_stats/*", "post_stats") as both:
        send_all(pair, [post("a")])
        both.same(at_least=0)


def test_unsubscribing(pair: Pair) -> None:
    with ears(pair, "posts/*") as both:
        both.subscribe()
        send_all(pair, [post("a")])
        both.same(at_least=0)
