"""Schema changes on a real SQLite table: what stays must stay, whatever else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import apsw
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import diff, plan
from tenfold.schema.fields import (
    BoolField,
    DateField,
    Field,
    GeoPointField,
    JSONField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
)
from tenfold.schema.values.json_text import INVALID
from tenfold.store.sqlite_connection import rows
from tenfold.store.sqlite_tables import apply_steps
from tenfold.store.statements import Statements

ID = TextField(id="text3208210256", name="id", primary_key=True)
KINDS: list[Field] = [
    TextField(),
    NumberField(),
    BoolField(),
    DateField(),
    JSONField(),
    GeoPointField(),
    SelectField(values=("a", "b", "c")),
    SelectField(values=("a", "b", "c"), max_select=3),
    RelationField(collection_id="x"),
    RelationField(collection_id="x", max_select=3),
]
NAMES = ["a", "A_", "b", "c", "order", "select"]

fields = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(KINDS), st.sampled_from("12345")),
    unique_by=(lambda item: item[0].lower(), lambda item: item[2]),
    max_size=5,
)
raw_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=8),
    st.lists(st.sampled_from(["a", "b", "c", "1"]), max_size=3),
    st.dictionaries(st.sampled_from(["lon", "lat"]), st.integers(-90, 90)),
    st.just("2024-05-06 07:08:09.123Z"),
)


def collection(drawn: list[tuple[str, Field, str]], name: str = "things") -> Collection:
    made = [msgspec.structs.replace(kind, id=i, name=n) for n, kind, i in drawn]
    return Collection(id="pbc_1", name=name, fields=(ID, *made))


def row(made_for: Collection, number: int, raw: Any) -> dict[str, Any]:
    cast = {f.name: (f, f.cast(raw)) for f in made_for.fields}
    # What is no JSON never gets past the check of a write.
    values = {n: f.zero() if value == INVALID else value for n, (f, value) in cast.items()}
    return values | {"id": f"record{number}"}


def fill(connection: apsw.Connection, made_for: Collection, raws: list[Any]) -> list[Any]:
    statements = Statements.of(made_for)
    filled = [row(made_for, number, raw) for number, raw in enumerate(raws)]
    for values in filled:
        rows(connection, statements.insert, statements.bind(values, 7))
    return filled


def read(connection: apsw.Connection, made_for: Collection) -> dict[str, dict[str, Any]]:
    statements = Statements.of(made_for)
    found = [statements.record(r) for r in rows(connection, statements.select)]
    assert all(record.rev == 7 for record in found)
    return {record.id: record.values for record in found}


@settings(max_examples=150, deadline=None)
@given(fields, fields, st.lists(raw_values, max_size=4), st.sampled_from(["things", "Things", "x"]))
def test_what_keeps_its_form_keeps_its_values(
    before: list[Any], after: list[Any], raws: list[Any], name: str
) -> None:
    old, new = collection(before), collection(after, name)
    connection = apsw.Connection(":memory:")
    apply_steps(connection, diff(None, old), Catalog())
    stored = fill(connection, old, raws)
    apply_steps(connection, plan(Catalog((old,)), [new]), Catalog())
    found = read(connection, new)
    assert len(found) == len(stored)
    old_by_id = {f.id: f for f in old.fields}
    for field in new.fields:
        same = old_by_id.get(field.id)
        for values in stored:
            value = found[values["id"]][field.name]
            field.check(value, is_new=False)
            if same and same.type == field.type and same.storage == field.storage:
                assert plain(value) == plain(values[same.name])


def plain(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def convert(old: Field, new: Field, *raws: Any) -> list[Any]:
    before = collection([("f", old, "1")])
    after = collection([("f", new, "1")])
    connection = apsw.Connection(":memory:")
    apply_steps(connection, diff(None, before), Catalog())
    fill(connection, before, list(raws))
    apply_steps(connection, plan(Catalog((before,)), [after]), Catalog())
    values = [v["f"] for v in read(connection, after).values()]
    return [bytes(v) if isinstance(v, msgspec.Raw) else v for v in values]


MULTIPLE = SelectField(values=("a", "b", "c"), max_select=3)
SINGLE = SelectField(values=("a", "b", "c"))


def test_text_becomes_other_types_where_it_can() -> None:
    assert convert(TextField(), NumberField(), "12", "1.5", "12abc", "") == [12, 1.5, 0, 0]
    assert convert(TextField(), BoolField(), "true", "1", "no", "") == [True, True, False, False]
    assert convert(TextField(), JSONField(), '{"a":1}', "x", "") == [b'{"a":1}', b'"x"', b"null"]
    assert convert(TextField(), MULTIPLE, "a", "", '["a","b"]') == [["a"], [], ["a", "b"]]
    assert convert(TextField(), DateField(), "2024-05-06", "soon") == [
        "2024-05-06 00:00:00.000Z",
        "",
    ]
    assert convert(TextField(), GeoPointField(), '{"lon":1,"lat":2}', "x") == [
        {"lon": 1, "lat": 2},
        {"lon": 0, "lat": 0},
    ]


def test_other_types_become_text() -> None:
    assert convert(NumberField(), TextField(), 12, 1.5) == ["12", "1.5"]
    assert convert(BoolField(), TextField(), True, False) == ["true", "false"]
    assert convert(JSONField(), TextField(), "x", [1], None) == ["x", "[1]", ""]
    assert convert(MULTIPLE, TextField(), ["a", "b"], []) == ["b", ""]


def test_single_and_multiple_turn_into_each_other() -> None:
    assert convert(SINGLE, MULTIPLE, "a", "") == [["a"], []]
    assert convert(MULTIPLE, SINGLE, ["a", "b"], []) == ["b", ""]
    assert convert(JSONField(), MULTIPLE, ["a", 1], "b", None) == [["a", "1"], ["b"], []]


def test_numbers_and_booleans_turn_into_each_other() -> None:
    assert convert(NumberField(), BoolField(), 0, 2.5) == [False, True]
    assert convert(BoolField(), NumberField(), True, False) == [1, 0]
    assert convert(JSONField(), NumberField(), 2, "3", True, {}) == [2, 3, 1, 0]
    assert convert(JSONField(), BoolField(), 2, "true", False, {}) == [True, True, False, False]


def test_passwords_and_references_never_change_their_meaning() -> None:
    before = collection([("f", TextField(), "1")])
    after = collection([("f", PasswordField(), "1")])
    connection = apsw.Connection(":memory:")
    apply_steps(connection, diff(None, before), Catalog())
    fill(connection, before, ["plain"])
    apply_steps(connection, plan(Catalog((before,)), [after]), Catalog())
    assert read(connection, after)["record0"]["f"] == ""
    assert convert(TextField(), RelationField(collection_id="x"), "abc") == [""]
    assert convert(RelationField(collection_id="x"), TextField(), "abc") == ["abc"]


def test_a_field_that_takes_a_name_takes_the_values() -> None:
    before = collection([("f", TextField(), "1")])
    after = collection([("f", NumberField(), "2")])
    connection = apsw.Connection(":memory:")
    apply_steps(connection, diff(None, before), Catalog())
    fill(connection, before, ["12"])
    apply_steps(connection, plan(Catalog((before,)), [after]), Catalog())
    assert read(connection, after)["record0"]["f"] == 12


def test_swapped_names_keep_each_their_own() -> None:
    before = collection([("a", TextField(), "1"), ("b", NumberField(), "2")])
    after = collection([("b", TextField(), "1"), ("a", NumberField(), "2")])
    connection = apsw.Connection(":memory:")
    apply_steps(connection, diff(None, before), Catalog())
    fill(connection, before, ["12"])
    apply_steps(connection, plan(Catalog((before,)), [after]), Catalog())
    found = read(connection, after)["record0"]
    assert (found["b"], found["a"]) == ("12", 12)


def test_views_stand_aside_while_their_table_changes() -> None:
    table = collection([("a", TextField(), "1")])
    view = Collection(
        id="pbc_2",
        name="seen",
        type="view",
        fields=(ID,),
        view_query="select id, a as x from things; -- a comment",
    )
    view = replace(view, view_query="select id, a as x from things;")
    connection = apsw.Connection(":memory:")
    apply_steps(connection, plan(Catalog(), [table, view]), Catalog())
    fill(connection, table, ["q"])
    changed = collection([("a", TextField(), "1"), ("n", NumberField(), "2")])
    apply_steps(connection, plan(Catalog((table, view)), [changed]), Catalog())
    assert rows(connection, "select x from seen") == [("q",)]


def test_tables_may_trade_names() -> None:
    one, two = collection([("a", TextField(), "1")], "one"), collection([], "two")
    two = replace(two, id="pbc_2")
    connection = apsw.Connection(":memory:")
    apply_steps(connection, plan(Catalog(), [one, two]), Catalog())
    fill(connection, one, ["q"])
    renamed = replace(one, name="three")
    apply_steps(
        connection, plan(Catalog((one, two)), [replace(two, name="one"), renamed]), Catalog()
    )
    assert read(connection, renamed)["record0"]["a"] == "q"
