"""Records: random filters, sorts, rules and values; nothing hidden shows, nothing shown hides."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import wild
from tests.differential import seed
from tests.differential.pair import Ask, Pair
from tests.differential.test_values import FIELDS
from tests.differential.values import VALUES

PATH = "/api/collections/wild/records"
EVERYTHING = "/api/collections/everything/records"

steady = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def odd(servers: Pair) -> Iterator[Pair]:
    """The pair, with odd records."""
    servers.renew()
    plant(servers)
    yield servers
    servers.renew()


def plant(servers: Pair) -> None:
    """Make the collections of `wild` and fill them."""
    body = {"collections": wild.COLLECTIONS}
    both = servers.send(Ask("PUT", "/api/collections/import", json=body, who="root"))
    assert both.theirs.status == both.ours.status == 204, both
    for name, rows in wild.rows().items():
        path = f"/api/collections/{name}/records"
        requests = [{"method": "POST", "url": path, "body": row} for row in rows]
        both = servers.send(Ask("POST", "/api/batch", json={"requests": requests}, who="root"))
        assert both.theirs.status == both.ours.status == 200, both


@steady
@given(wild.RULES)
def test_filters_of_superusers(odd: Pair, text: str) -> None:
    query = {"filter": text, "sort": "id", "fields": "id", "q": "a"}
    odd.same(Ask("GET", PATH, query, who="root"))


@steady
@given(wild.CLIENT_FILTERS, st.sampled_from((None, "ann", "bob")))
def test_filters_of_clients(odd: Pair, text: str, who: str | None) -> None:
    odd.same(Ask("GET", PATH, {"filter": text, "sort": "id", "fields": "id"}, who=who))


@steady
@given(wild.SORTS, st.sampled_from((None, "root")))
def test_sorts(odd: Pair, text: str, who: str | None) -> None:
    odd.same(Ask("GET", PATH, {"sort": f"{text},id", "fields": "id", "perPage": 9}, who=who))


@steady
@given(wild.RULES)
def test_rules_hide_the_same(odd: Pair, text: str) -> None:
    """What a rule hides from anyone is what PocketBase hides, in lists, views and deletes."""
    rules = {"listRule": text, "viewRule": text, "deleteRule": text}
    set_rules(odd, rules)
    for who in (None, "ann", "bob"):
        both = odd.same(Ask("GET", PATH, {"sort": "id", "fields": "id", "q": "a"}, who=who))
        seen = {item["id"] for item in both.ours.value.get("items", ())}
        for row in wild.rows()["wild"][:4]:
            view = odd.same(Ask("GET", f"{PATH}/{row['id']}", {"q": "a"}, who=who))
            if both.ours.status == 200:
                assert (view.ours.status == 200) == (row["id"] in seen)


@steady
@given(wild.CLIENT_FILTERS, st.sampled_from((None, "ann")))
def test_filters_find_out_nothing(odd: Pair, text: str, who: str | None) -> None:
    """Related records that the client may not list do not influence what it finds."""
    set_rules(odd, {"listRule": ""})
    rule = {"listRule": "n > 0 && up = @request.auth.id"}
    odd.send(Ask("PATCH", "/api/collections/wilder", json=rule, who="root"))
    odd.same(Ask("GET", PATH, {"filter": text, "sort": "id", "fields": "id"}, who=who))
    odd.same(Ask("GET", PATH, {"sort": "rs.t,r.n,id", "fields": "id"}, who=who))


def set_rules(pair: Pair, rules: dict[str, str]) -> None:
    pair.same(
        Ask("PATCH", "/api/collections/wild", json=rules, who="root"), loose=("data.*.message",)
    )


KEYS = st.builds(
    "{}{}{}".format, st.sampled_from(("", "", "", "+")), st.sampled_from(FIELDS),
    st.sampled_from(("", "", "", "+", "-", ":autogenerate")),
)  # fmt: skip
SENT = st.dictionaries(
    KEYS,
    st.sampled_from(VALUES)
    | st.text(string.printable, max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.lists(st.sampled_from(["a", "b", "", 1, None]), max_size=4),
    max_size=6,
)


@steady
@given(SENT, st.booleans())
def test_values(pair: Pair, body: dict[str, object], is_new: bool) -> None:
    path = EVERYTHING if is_new else f"{EVERYTHING}/{seed.record_id('full')}"
    pair.same(Ask("POST" if is_new else "PATCH", path, json=body))
