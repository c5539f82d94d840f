"""Records: unique values, and what follows a record that goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.pair import Ask, Pair
from tests.differential.seed import collection, field, record_id, relation, rules

OPEN = rules("", "", "", "")


def _make(pair: Pair, *collections: dict[str, Any]) -> None:
    body = {"collections": collections}
    answers = pair.send(Ask("PUT", "/api/collections/import", json=body, who="root"))
    assert answers.theirs.status == answers.ours.status == 204, answers


def _post(name: str, record: str, **values: Any) -> Ask:
    body = {"id": record_id(record), **values}
    return Ask("POST", f"/api/collections/{name}/records", json=body)


def _patch(name: str, record: str, **values: Any) -> Ask:
    return Ask("PATCH", f"/api/collections/{name}/records/{record_id(record)}", json=values)


def _delete(name: str, record: str, who: str | None = None) -> Ask:
    return Ask("DELETE", f"/api/collections/{name}/records/{record_id(record)}", who=who)


def _list(name: str, **query: Any) -> Ask:
    return Ask("GET", f"/api/collections/{name}/records", {"sort": "id", **query}, who="root")


UNIQUE = [
    "CREATE UNIQUE INDEX `i_a` ON `uniq` (`a`)",
    "CREATE UNIQUE INDEX `i_bc` ON `uniq` (`b`, `c`)",
    "CREATE UNIQUE INDEX `i_d` ON `uniq` (`d` COLLATE NOCASE) WHERE `d` != ''",
    "CREATE UNIQUE INDEX `i_e` ON `uniq` (lower(`e`))",
    "CREATE INDEX `i_f` ON `uniq` (`f`)",
]


def test_unique(pair: Pair) -> None:
    fields = [*(field("text", n) for n in "abcde"), field("number", "f")]
    _make(pair, collection("uniq", fields, indexes=UNIQUE, **OPEN))
    one = {"a": "1", "b": "1", "c": "1", "d": "x", "e": "q", "f": 1}
    two = {"a": "2", "b": "1", "c": "2", "d": "", "e": "w", "f": 1}
    pair.all_same(
        [
            _post("uniq", "one", **one),
            _post("uniq", "one", **two),
            _post("uniq", "two", **one | {"b": "9"}),
            _post("uniq", "two", **two | {"b": "1", "c": "1"}),
            _post("uniq", "two", **two | {"d": "X"}),
            _post("uniq", "two", **two | {"e": "Q"}),
            _post("uniq", "two", **two),
            _post("uniq", "three", **two | {"a": "3", "c": "3", "e": "r"}),
            _patch("uniq", "three", a="2"),
            _patch("uniq", "three", c="2"),
            _patch("uniq", "three", a="2", d="x"),
            _patch("uniq", "three", a="3", b="2", c="2"),
            _post("uniq", "", a="3", e="t"),
            _post("uniq", "short", a="3"),
            Ask("POST", "/api/collections/tags/records", json={"name": "red"}, who="root"),
            Ask("POST", "/api/collections/tags/records", json={"name": ""}, who="root"),
            _list("uniq"),
        ]
    )


def test_cascade(pair: Pair) -> None:
    _make(
        pair,
        collection("target", [field("text", "t")], **OPEN),
        collection("soft", [relation("one", "target"), relation("many", "target", maxSelect=3)]),
        collection("hard", [relation("one", "target", cascadeDelete=True), relation("on", "soft")]),
        collection("deep", [relation("hard", "hard", cascadeDelete=True), field("text", "t")]),
        collection("listed", [relation("many", "target", maxSelect=3, cascadeDelete=True)]),
        collection("needs", [relation("one", "target", required=True)]),
        collection("some", [relation("many", "target", maxSelect=3, required=True)]),
    )
    a, b, c, d = (record_id(n) for n in "abcd")
    rows = [
        *(_post("target", n, t=n) for n in "abcd"),
        _post("soft", "s1", one=a, many=[a, b]),
        _post("soft", "s2", one=b, many=[a]),
        _post("hard", "h1", one=a, on=record_id("s1")),
        _post("hard", "h2", one=b),
        _post("deep", "d1", hard=record_id("h1")),
        _post("deep", "d2", hard=record_id("h2")),
        _post("listed", "l1", many=[a, b]),
        _post("listed", "l2", many=[a]),
        _post("needs", "n1", one=c),
        _post("some", "m1", many=[c, d]),
        _post("some", "m2", many=[d]),
    ]
    for row in rows:
        answers = pair.send(Ask(row.method, row.path, json=row.json, who="root"))
        assert answers.theirs.status == answers.ours.status == 200, answers
    after = [_list(n) for n in ("target", "soft", "hard", "deep", "listed", "needs", "some")]
    for gone in "abcd":
        pair.all_same([_delete("target", gone), *after])
    pair.all_same([_delete("needs", "n1", "root"), _delete("target", "c"), *after])
    pair.all_same([_delete("hard", "h2", "root"), *after])


def test_cycles(pair: Pair) -> None:
    ring = [relation("next", "ring", cascadeDelete=True), field("text", "t")]
    _make(pair, collection("ring", ring, **OPEN))
    x, y, z = (record_id(n) for n in "xyz")
    pair.all_same(
        [
            *(_post("ring", n, t=n) for n in "xyz"),
            _patch("ring", "x", next=y),
            _patch("ring", "y", next=z),
            _patch("ring", "z", next=x),
            _list("ring", expand=".".join(["next"] * 9)),
            _list("ring", expand="ring_via_next.ring_via_next"),
            _list("ring", filter=".".join(["next"] * 6) + ".t = 'x'"),
            _list("ring", filter=".".join(["next"] * 7) + ".t = 'x'"),
            _delete("ring", "y"),
            _list("ring"),
            _post("ring", "self", next=record_id("self")),
            _list("ring"),
        ]
    )


def test_unique_back_relation(pair: Pair) -> None:
    index = ["CREATE UNIQUE INDEX `i_one` ON `profile` (`person`)"]
    fields = [relation("person", "people"), field("text", "t")]
    _make(pair, collection("profile", fields, indexes=index, **OPEN))
    people = "/api/collections/people/records"
    pair.all_same(
        [
            _post("profile", "p1", person=record_id("ann"), t="x"),
            _post("profile", "p2", person=record_id("ann"), t="y"),
            _post("profile", "p3", person=record_id("bob"), t="y"),
            *(
                Ask("GET", people, {"sort": "id", "fields": "id,expand", **query})
                for query in (
                    {"expand": "profile_via_person"},
                    {"filter": "profile_via_person.t = 'x'"},
                    {"filter": "profile_via_person.t != 'x'"},
                    {"filter": "boss.profile_via_person.t = 'x'"},
                    {"sort": "profile_via_person.t,id"},
                )
            ),
        ]
    )


@pytest.mark.parametrize("who", [None, "ann", "bob", "root"])
def test_deletes_in_the_seed(pair: Pair, who: str | None) -> None:
    names = ("people", "posts", "comments", "folders", "everything")
    pair.all_same(
        [
            _delete("people", "dan", who),
            _delete("folders", "docs", who),
            _delete("posts", "third", who),
            _delete("everything", "full", who),
            _delete("tags", "green", "root"),
            _delete("people", "nobody", who),
            _delete("nowhere", "nobody", who),
            *(_list(name) for name in names),
        ]
    )
