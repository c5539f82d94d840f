"""Reading the queries of views, and the fields that follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import views_in_order
from tenfold.schema.fields import FileField, SelectField, TextField
from tenfold.schema.view_fields import is_same, view_fields
from tenfold.schema.view_query import ViewRefused, parse_view_query

POSTS = Collection(
    id="posts1",
    name="posts",
    fields=(
        TextField(id="f1", name="id"),
        TextField(id="f2", name="title", max=9, hidden=True),
        FileField(id="f3", name="cover", max_select=1),
        SelectField(id="f4", name="tags", values=("a", "b"), max_select=2),
    ),
)
CATALOG = Catalog((POSTS,))


def columns(text: str) -> list[tuple[str, str]]:
    return [(term.text, term.name) for term in parse_view_query(text).columns]


def tables(text: str) -> list[tuple[str, str]]:
    return [(term.text, term.name) for term in parse_view_query(text).tables]


def test_columns_have_the_names_that_they_are_given() -> None:
    assert columns('select id, p.title AS t, "x"."y" z, count(*) from a') == [
        ("id", "id"),
        ("p.title", "t"),
        ("x.y", "z"),
        ("count(*)", "count(*)"),
    ]


def test_tables_are_found_behind_joins() -> None:
    text = (
        "select id from posts p left outer join `tags` as t on t.id = p.tag, c where 1 order by x"
    )
    assert tables(text) == [("posts", "p"), ("tags", "t")]


def test_comments_quotes_and_brackets_hide_what_is_in_them() -> None:
    text = "select id, /* a, */ ')' as b, (c, (d)) e -- , f\n from (select 1 from x) y;"
    assert columns(text) == [("id", "id"), ("')'", "b"), ("(c, (d))", "e")]
    assert tables(text) == [("(select 1 from x)", "y")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("select *", "wildcard"),
        ("select a.* from a", "wildcard"),
        ("select id from a; select 1", "multiple statements"),
        ("select a b c d", "invalid identifier parts"),
        ("select a b c", 'expected "as"'),
        ("select id from a) union select (1", "unbalanced"),
        ("select (1", "unbalanced"),
        ("select 'a", "unbalanced"),
        ("select id" + " " * 100_000 + "from a", "longer than"),
    ],
)
def test_what_is_no_view_is_refused(text: str, told: str) -> None:
    with pytest.raises(ViewRefused, match=told):
        parse_view_query(text)


@pytest.mark.parametrize(
    "text",
    [
        "select id from posts",
        "select p.id, title from posts p where title in (select 1) limit 3",
        "select id, count(*) as n from posts group by id",
    ],
)
def test_ids_of_one_table_are_known_to_be_good(text: str) -> None:
    assert parse_view_query(text).has_stored_ids


@pytest.mark.parametrize(
    "text",
    [
        "select title as id from posts",
        "select id, count(*) as n from posts",
        "select a.id from posts a, posts b",
        "select id from (select 1 as id) x",
        "with posts as (select 1 as id) select id from posts",
        "select id from posts union select 1",
        "select id from posts except select 1",
    ],
)
def test_other_ids_are_not(text: str) -> None:
    assert not parse_view_query(text).has_stored_ids


@given(st.text(alphabet="selct from*,()'\"`[];-/asid\n", max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_view_query(text)
    except ViewRefused:
        return


def fields(text: str, *names: str) -> dict[str, str]:
    found = view_fields(parse_view_query(text), names, CATALOG)
    return {field.name: field.type for field in found}


def test_fields_follow_from_where_columns_come() -> None:
    text = (
        "select id, title t, p.cover, posts.tags, p.id as same, q.title u, count(id) n,"
        " cast(title as int) c, (title) x from posts p join other q on 1"
    )
    assert fields(text, "id", "t", "cover", "tags", "same", "u", "n", "c", "x") == {
        "id": "text",
        "t": "text",
        "cover": "file",
        "tags": "json",
        "same": "relation",
        "u": "json",
        "n": "number",
        "c": "number",
        "x": "json",
    }


def test_copied_fields_keep_their_settings_but_not_their_ids() -> None:
    query = parse_view_query("select id, title as t from posts")
    first, second = (view_fields(query, ("id", "t"), CATALOG) for _ in range(2))
    assert isinstance(first[1], TextField)
    assert (first[1].max, first[1].hidden) == (9, True)
    assert first[1].id.startswith("_clone_")
    assert is_same(first, second)


def test_views_come_after_those_that_they_read() -> None:
    names = {"a": "select id from b", "b": "select id from c, b", "c": "select id from posts"}
    views = [Collection(id=n, name=n, type="view", view_query=q) for n, q in names.items()]
    assert [view.name for view in views_in_order(views)] == ["c", "b", "a"]


def test_a_long_chain_of_views_is_ordered() -> None:
    views = [
        Collection(id=f"v{n}", name=f"v{n}", type="view", view_query=f"select id from v{n + 1}")
        for n in range(5_000)
    ]
    assert views_in_order(views)[0].name == "v4999"
