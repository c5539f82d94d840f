"""The seed comes back after what a test did."""

from __future__ import annotations

from tests.differential import restore, seed
from tests.differential.pair import Ask, Pair

POSTS = "/api/collections/posts/records"


def test_touched_names_follow_relations() -> None:
    assert restore.touched_by("DELETE", f"{POSTS}/x", None) == {"posts", "comments"}
    assert restore.touched_by("GET", POSTS, None) == set()


def test_seed_comes_back(pair: Pair) -> None:
    first = f"{POSTS}/{seed.record_id('first')}"
    everything = Ask("GET", POSTS, {"sort": "id", "fields": "id,title,score"}, who="root")
    before = pair.same(everything)
    pair.same(Ask("POST", POSTS, json={"title": "new"}, who="root"))
    pair.same(Ask("PATCH", f"{POSTS}/{seed.record_id('second')}", json={"score": 3}, who="root"))
    pair.same(Ask("DELETE", first, who="root"))
    assert pair.send(everything).ours.body != before.ours.body
    pair.renew()
    after = pair.same(everything)
    assert after.ours.body == before.ours.body
    pair.same(Ask("GET", "/api/collections/comments/records", {"sort": "id"}, who="root"))
