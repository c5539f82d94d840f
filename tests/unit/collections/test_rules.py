"""Which rules a collection may have."""

from __future__ import annotations

from dataclasses import replace

from tenfold.collections.rules import MUST_BE_NULL, SYSTEM_RULE, check_rules
from tenfold.errors import FieldError
from tenfold.schema.auth_options import MFA
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.defaults import blank
from tenfold.schema.fields import TextField

THINGS = Collection(id="t1", name="things", fields=(TextField(id="f1", name="id"),))
CATALOG = Catalog((THINGS,))


def test_rules_that_can_be_read_pass() -> None:
    good = replace(THINGS, list_rule="", view_rule="id != ''", create_rule=None)
    assert check_rules(good, None, CATALOG.replace([good])) == {}


def test_each_bad_rule_is_named() -> None:
    bad = replace(THINGS, list_rule="nope = 1", delete_rule="id =")
    faults = check_rules(bad, None, CATALOG.replace([bad]))
    assert sorted(faults) == ["deleteRule", "listRule"]
    fault = faults["listRule"]
    assert isinstance(fault, FieldError)
    assert fault.code == "validation_invalid_rule"


def test_views_are_not_written() -> None:
    view = replace(THINGS, type="view", create_rule="", update_rule="nope = 1")
    faults = check_rules(view, None, CATALOG.replace([view]))
    assert faults == {"createRule": MUST_BE_NULL, "updateRule": MUST_BE_NULL}


def test_rules_of_system_collections_stay() -> None:
    before = replace(THINGS, system=True, list_rule="")
    after = replace(before, list_rule=None, view_rule="nope = 1")
    faults = check_rules(after, before, CATALOG.replace([after]))
    assert faults == {"listRule": SYSTEM_RULE, "viewRule": SYSTEM_RULE}


def test_the_rule_of_a_second_step_counts_while_it_is_in_use() -> None:
    made = replace(blank("auth"), id="a1", name="people")
    assert made.auth is not None
    for enabled in (True, False):
        auth = type(made.auth)(mfa=MFA(enabled=enabled, duration=60, rule="nope = 1"))
        people = replace(made, auth=auth)
        faults = check_rules(people, None, CATALOG.replace([people]))
        assert ("mfa" in faults) is enabled
