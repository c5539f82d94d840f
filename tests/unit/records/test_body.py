"""Bodies: modifiers, and what a caller may set."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold.records import body
from tenfold.records.expand import MAX_DEPTH, Tree, parse_expand
from tenfold.schema.parse import parse_collection
from tests import wild

COLLECTION = parse_collection(wild.COLLECTIONS[1])


@pytest.mark.parametrize(
    ("key", "split"),
    [
        ("n", ("n", "")),
        ("n+", ("n", ":+")),
        ("+n", ("n", "+:")),
        ("n-", ("n", ":-")),
        ("n:autogenerate", ("n", ":autogenerate")),
    ],
)
def test_split_modifier(key: str, split: tuple[str, str]) -> None:
    assert body.split_modifier(key) == split


@pytest.mark.parametrize(
    ("sent", "name", "value"),
    [
        ({"n+": 2, "n": 1}, "n", 3),
        ({"n-": 0.5}, "n", -0.5),
        ({"m": ["a"], "m+": ["b", "a"]}, "m", ["a", "b"]),
        ({"m": ["a"], "+m": "c"}, "m", ["c", "a"]),
        ({"m": ["a", "b"], "m-": "a"}, "m", ["b"]),
        ({"t+": "x", "t": "y"}, "t", "y"),
        ({"nope": 1}, "t", ""),
    ],
)
def test_apply(sent: dict[str, Any], name: str, value: object) -> None:
    record = body.blank(COLLECTION)
    body.apply(record, sent)
    assert record.values[name] == value


def test_hidden_fields_are_for_superusers() -> None:
    sent = {"h": "x", "h+": "y", "t": "z"}
    assert body.allowed(COLLECTION, sent, is_superuser=False) == {"t": "z"}
    assert body.allowed(COLLECTION, sent, is_superuser=True) == sent


def test_parse_expand() -> None:
    tree: Tree = {"a": {"b": {}, "c": {}}, "d": {}}
    assert parse_expand("a.b, a.c ,,d., .d") == tree
    deep = parse_expand(".".join("x" * 20))
    levels = 0
    while deep:
        deep, levels = deep["x"], levels + 1
    assert levels == MAX_DEPTH
