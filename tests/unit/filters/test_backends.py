"""SQL over a table, SQL about one record, and the compiled predicate: all say the same."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tenfold.filters import FilterError, check
from tests import wild
from tests.unit.filters.odd import Odd

many = settings(max_examples=120, deadline=None, derandomize=True, database=None)

BODIES = st.dictionaries(
    st.sampled_from(["t", "n", "b", "s", "m", "own", "rs", "x"]),
    st.sampled_from([*wild.TEXTS, 0, 1, 2.5, True, None, ["a"], ["a", "b"], {"k": 1}]),
    max_size=4,
)


@many
@given(wild.RULES)
def test_rules(odd: Odd, text: str) -> None:
    _agree(odd, text, {})


@many
@given(wild.ROW_RULES)
def test_rules_about_one_row(odd: Odd, text: str) -> None:
    _agree(odd, text, {})


BODY_RULES = st.builds(
    "@request.body.{} {} {}".format,
    st.sampled_from(
        (
            "t n b s m m:length m:each m:changed own own.name rs.t x x.k x:isset t:isset t:lower"
            " t:changed n:changed b:changed"
        ).split()
    ),
    st.sampled_from(wild.OPERATORS),
    wild.operands(["t", "n", "own", "@request.auth.id", "m", "@request.body.x"]),
)


@many
@given(BODY_RULES, BODIES)
def test_rules_about_the_body(odd: Odd, text: str, body: dict[str, Any]) -> None:
    _agree(odd, text, body)


def _agree(odd: Odd, text: str, body: dict[str, Any]) -> None:
    try:
        checked = check(text, odd.wild, odd.catalog, hidden_allowed=True)
    except FilterError:
        assume(False)
        return
    event("has a predicate" if checked.predicate else "needs the database")
    for caller in odd.callers:
        facts = odd.facts(caller, body=body)
        try:
            selected = odd.selected(checked, facts)
        except FilterError:
            assume(False)
        for record in odd.records:
            expected = record.id in selected
            assert odd.holds(checked, facts, record.values) == expected
            if checked.predicate:
                assert checked.predicate(record.values, facts) == expected
        first = odd.records[0].id
        assert odd.is_there(checked, facts, first) == (first in selected)
