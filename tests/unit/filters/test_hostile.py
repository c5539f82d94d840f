"""Whatever the text, it is answered soon, and with nothing but a FilterError."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.filters import FilterError, check, check_sort, parse, parse_sort
from tests import wild
from tests.unit.filters.odd import Odd

PIECES = st.sampled_from(
    [
        *(*wild.PLAIN, *wild.JOINED, *wild.REQUEST, *wild.OPERATORS),
        *("&&", "||", "(", ")", "'", '"', "@", "#", ".", ":", "?", ",", "//", "\n", "\0", "\ud800"),
        *("1", "-", "true", "geoDistance(", "@now", "@collection.", "_via_", ":each", ":lower"),
        *("strftime(", "'a'", "\\", "%", " "),
    ]
)
TEXT = st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join)
many = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@many
@given(TEXT)
def test_any_text(odd: Odd, text: str) -> None:
    for hidden_allowed in (True, False):
        try:
            checked = check(text, odd.wild, odd.catalog, hidden_allowed=hidden_allowed)
            odd.selected(checked, odd.facts(odd.callers[1]))
        except FilterError as error:
            assert error.message


@many
@given(TEXT)
def test_any_sort(odd: Odd, text: str) -> None:
    try:
        check_sort(text, odd.wild, odd.catalog)
    except FilterError as error:
        assert error.message


HUGE = [
    "(" * 3_000 + "id=''" + ")" * 400,
    "(" * 1_500,
    "id=''&&" * 400 + "id=''",
    "||".join(["t ~ '%a%a%a%a%b'"] * 190),
    "'" + "\\" * 3_000,
    "'" * 3_000,
    '"' * 3_499,
    "id='" + "%_" * 1_500 + "'",
    ".".join(["own.boss"] * 300) + "='a'",
    "&&".join([f"rs.wild_via_rs.rs.wild_via_rs.t ?= '{i}'" for i in range(60)]),
    "&&".join([f"@collection.wild:a{i}.t ?= t" for i in range(80)]),
    "//" * 1_700,
    "a" * 3_400 + "(",
    "geoDistance(" * 200,
    "t:" * 1_000,
    "@request.body." + "a." * 1_500 + "b=1",
    "-" * 3_000,
    "1" * 3_400 + "=1",
    "t ~ '" + "%a" * 1_600 + "'",
]


@pytest.mark.parametrize("text", HUGE)
def test_huge_text_is_dealt_with_soon(odd: Odd, text: str) -> None:
    before = time.process_time()
    try:
        checked = check(text, odd.wild, odd.catalog, hidden_allowed=True)
        facts = odd.facts(odd.callers[1])
        if checked.predicate:
            checked.predicate(odd.records[0].values, facts)
        odd.selected(checked, facts)
    except FilterError:
        pass
    assert time.process_time() - before < 2


def test_longest_and_one_more() -> None:
    parse("id='" + "x" * 3_495 + "'")
    with pytest.raises(FilterError):
        parse("id='" + "x" * 3_496 + "'")
    parse("&&".join(["id=''"] * 200))
    with pytest.raises(FilterError):
        parse("&&".join(["id=''"] * 201))
    assert len(parse_sort("id,-id,id,id,id,id,id,id")) == 8
    with pytest.raises(FilterError):
        parse_sort("id,id,id,id,id,id,id,id,id")
