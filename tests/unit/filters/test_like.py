"""LIKE in Python means what it means in SQLite."""

from __future__ import annotations

import time

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.filters.like import matcher
from tenfold.filters.values import pattern

LETTERS = st.text("aAbé%_\\\0\n漢", max_size=12)
DATABASE = apsw.Connection(":memory:")
many = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@many
@given(LETTERS, LETTERS)
def test_same_as_sqlite(text: str, shape: str) -> None:
    assert matcher(shape)(text) == _is_like(text, shape)


@many
@given(LETTERS, LETTERS)
def test_patterns_of_filters(text: str, asked: str) -> None:
    shape = pattern(asked)
    assert shape is not None
    assert matcher(shape)(text) == _is_like(text, shape)


def _is_like(text: str, shape: str) -> bool:
    sql = "SELECT ? LIKE ? ESCAPE '\\'"
    return bool(DATABASE.execute(sql, (text, shape)).get)


def test_hostile_pattern_takes_little_time() -> None:
    before = time.process_time()
    assert not matcher("%a" * 1_000 + "b")("a" * 20_000)
    assert time.process_time() - before < 1
