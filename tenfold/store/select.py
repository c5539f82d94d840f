"""Queries as values, and the SQL statements that answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.filters import NO_SORT, Checked, CheckedSort, FilterError
from tenfold.filters.lru import Lru
from tenfold.filters.plan import Plan
from tenfold.filters.values import Scalar
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.store.dialect import SQLITE, Dialect
from tenfold.store.expression import BASE, Binder, Bound, Renderer, Tagged

Condition = tuple[Checked, RequestFacts]

IMAGE = "_image"
NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a collection to pick: all conditions must hold."""

    collection: Collection
    where: tuple[Condition, ...] = ()
    sort: CheckedSort = NO_SORT
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with positional placeholders, and their values."""

    sql: str
    params: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Template:
    """A statement without its values, kept by shape; `kept` holds what its key points at."""

    sql: str
    binders: tuple[Binder, ...]
    kept: tuple[object, ...]

    def bind(self, bound: Bound) -> Statement:
        return Statement(self.sql, tuple([binder(bound) for binder in self.binders]))


_templates: Lru[tuple[Any, ...], _Template] = Lru(2048)


def compile_select(query: Query, catalog: Catalog, dialect: Dialect = SQLITE) -> Statement:
    """Rows of the collection's fields in their order, then `_rev`. Raises: FilterError."""
    del catalog
    shape = ("select", id(query.collection), query.sort, query.limit is None, query.offset == 0)
    values, template = _template(
        dialect, shape, query.where, query.collection, lambda r, w: _select(r, w, query)
    )
    limit = NO_LIMIT if query.limit is None else query.limit
    return template.bind(Bound(values, limit=limit, offset=query.offset))


def compile_count(query: Query, catalog: Catalog, dialect: Dialect = SQLITE) -> Statement:
    """One row: how many records there are, whatever the limit. Raises: FilterError."""
    del catalog
    shape = ("count", id(query.collection))
    values, template = _template(
        dialect,
        shape,
        query.where,
        query.collection,
        lambda r, w: f"SELECT COUNT(*) FROM {r.source()}{_where(w)}",
    )
    return template.bind(Bound(values))


def compile_exists(
    query: Query, catalog: Catalog, dialect: Dialect = SQLITE, *, record_id: str | None = None
) -> Statement:
    """One row: 1 when any record (or the one with this id) is picked, else 0.

    Raises: FilterError.
    """
    del catalog
    shape = ("exists", id(query.collection), record_id is None)
    values, template = _template(
        dialect,
        shape,
        query.where,
        query.collection,
        lambda r, w: _exists(r, w, with_id=record_id is not None),
    )
    return template.bind(Bound(values, record_id=record_id or ""))


def compile_image(
    condition: Condition,
    values: Mapping[str, Any],
    catalog: Catalog,
    dialect: Dialect = SQLITE,
    *,
    is_new: bool = False,
) -> Statement:
    """One row: 1 when the condition holds for a record with these values, stored or not.

    A new record has none that point at it: asking for them is refused, as PocketBase does.
    Raises: FilterError.
    """
    del catalog
    collection = condition[0].collection
    shape = ("image", id(collection), is_new)
    bound_values, template = _template(
        dialect,
        shape,
        (condition,),
        collection,
        lambda r, w: _image(r, w, is_new=is_new),
        table=IMAGE,
        is_new=is_new,
    )
    return template.bind(Bound(bound_values, image=values))


def _template(
    dialect: Dialect,
    shape: tuple[Any, ...],
    where: tuple[Condition, ...],
    collection: Collection,
    render: Callable[[Renderer, str], str],
    *,
    table: str = "",
    is_new: bool = False,
) -> tuple[Sequence[Sequence[Scalar]], _Template]:
    """The values of all conditions, and the statement of their shape."""
    values: list[list[Scalar]] = []
    key: list[Any] = [dialect, shape]
    for checked, facts in where:
        plan, bound = checked.bind(facts)
        values.append(bound)
        empty = tuple([v is None or v == "" for v in bound])
        key += (plan, empty, _group(where, facts), dialect.kinds(plan, bound))
    found = _templates.find(tuple(key))
    if found is None:
        renderer = (dialect.renderer_type or Renderer)(dialect, collection, table)
        renderer.is_new = is_new
        renderer.tests = _tagged(key[2:], is_new)
        sql, binders = renderer.finish(render(renderer, renderer.all_of(renderer.tests)))
        found = _Template(sql, binders, (collection, *key))
        _templates.put(tuple(key), found)
    return values, found


def _tagged(keys: Sequence[Any], is_new: bool) -> list[Tagged]:
    tagged: list[Tagged] = []
    for condition in range(len(keys) // 4):
        plan, empty, group, kinds = keys[4 * condition : 4 * condition + 4]
        assert isinstance(plan, Plan)
        if is_new and plan.looks_back:
            raise FilterError("a new record has no back relations")
        tagged.append(Tagged(plan.root, condition, group, empty, kinds))
    return tagged


def _group(where: tuple[Condition, ...], facts: RequestFacts) -> int:
    """The first condition about the same request."""
    return next(index for index, (_, other) in enumerate(where) if other is facts)


def _where(where: str) -> str:
    return f" WHERE {where}" if where else ""


def _select(renderer: Renderer, where: str, query: Query) -> str:
    quote = renderer.dialect.quote
    columns = [f"{BASE}.{quote(field.name)}" for field in query.collection.fields]
    columns.append("0" if query.collection.type == "view" else f"{BASE}.{quote('_rev')}")
    order = ", ".join(renderer.ordering(query.sort.keys))
    sql = f"SELECT {', '.join(columns)} FROM {renderer.source()}{_where(where)}"
    if order:
        sql += f" ORDER BY {order}"
    if query.limit is not None or query.offset:
        sql += f" LIMIT {renderer.parameter(lambda bound: bound.limit)}"
    if query.offset:
        sql += f" OFFSET {renderer.parameter(lambda bound: bound.offset)}"
    return sql


def _exists(renderer: Renderer, where: str, *, with_id: bool) -> str:
    if with_id:
        by_id = f"{BASE}.{renderer.dialect.quote('id')} = " + renderer.parameter(
            lambda bound: bound.record_id
        )
        where = f"{by_id} AND {where}" if where else by_id
    return f"SELECT EXISTS (SELECT 1 FROM {renderer.source()}{_where(where)})"


def _image(renderer: Renderer, where: str, *, is_new: bool) -> str:
    quote = renderer.dialect.quote
    columns = [
        f"{renderer.image_value(column, is_new=is_new)} AS {quote(column.name)}"
        for column in renderer.own_columns.values()
    ]
    row = ", ".join(columns) or "1"
    test = f"SELECT EXISTS (SELECT 1 FROM {renderer.source()}{_where(where)})"
    return f"WITH {quote(IMAGE)} AS (SELECT {row}) {test}"
