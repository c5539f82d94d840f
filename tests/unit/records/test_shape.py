"""`fields`: which parts of an answer are picked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tenfold.errors import BadRequest
from tenfold.records.shape import parse_shape

VALUE: dict[str, Any] = {
    "id": "x",
    "title": "A long title",
    "meta": msgspec.Raw(b'{"a":{"b":1,"c":2},"d":"text"}'),
    "expand": {"tags": [{"name": "red", "n": 1}, {"name": "blue", "n": 2}], "one": {"name": "y"}},
}


@pytest.mark.parametrize(
    ("fields", "picked"),
    [
        ("id", {"id": "x"}),
        (" id , nope ,, ", {"id": "x"}),
        ("meta.a.b", {"meta": {"a": {"b": 1}}}),
        ("meta.*:excerpt(2)", {"meta": {"a": {"b": 1, "c": 2}, "d": "te"}}),
        ("expand.tags.name", {"expand": {"tags": [{"name": "red"}, {"name": "blue"}]}}),
        ("title:excerpt(6,true)", {"title": "A long..."}),
        ("expand.*.name", {"expand": {}}),
    ],
)
def test_pick(fields: str, picked: dict[str, Any]) -> None:
    shape = parse_shape(fields)
    assert shape is not None
    assert shape.pick(VALUE) == picked


def test_star_keeps_everything() -> None:
    shape = parse_shape("*,title:excerpt(1)")
    assert shape is not None
    assert shape.pick(VALUE) == VALUE | {"title": "A"}
    assert parse_shape(" , ") is None


@pytest.mark.parametrize("fields", ["x:excerpt", "x:excerpt(0)", "x:excerpt(a)", "x:nope(1)"])
def test_bad_modifiers(fields: str) -> None:
    with pytest.raises(BadRequest):
        parse_shape(fields)


def test_too_many_fields() -> None:
    with pytest.raises(BadRequest):
        parse_shape(",".join(f"f{n}" for n in range(501)))
