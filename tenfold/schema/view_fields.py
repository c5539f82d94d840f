"""The fields of a view collection, taken from the columns that its query selects."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from tenfold.errors import FieldError
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields import (
    BoolField,
    Field,
    JSONField,
    NumberField,
    RelationField,
    TextField,
)
from tenfold.schema.ids import field_id
from tenfold.schema.values.faults import words
from tenfold.schema.values.generate import generate
from tenfold.schema.values.patterns import ID_PATTERN
from tenfold.schema.view_query import Term, ViewQuery, ViewRefused

_CAST = re.compile(r"cast\s*\(.*\s+as\s+(\w+)\s*\)", re.IGNORECASE | re.DOTALL)
_COUNT = re.compile(r"count\(", re.IGNORECASE)
_TOTAL = re.compile(r"total\(", re.IGNORECASE)
_CASTS: dict[str, Field] = {
    **dict.fromkeys(("real", "decimal", "numeric"), NumberField()),
    **dict.fromkeys(("int", "integer"), NumberField(only_int=True)),
    **dict.fromkeys(("bool", "boolean"), BoolField()),
    "text": TextField(),
}
_UNKNOWN = JSONField(max_size=1)
_ID = TextField(
    id=field_id("text", "id"),
    name="id",
    system=True,
    required=True,
    primary_key=True,
    pattern=ID_PATTERN,
)

NO_ID = (
    "missing required id column (you can use `(ROW_NUMBER() OVER()) as id` if you don't have one)"
)


def view_fields(query: ViewQuery, names: Sequence[str], catalog: Catalog) -> tuple[Field, ...]:
    """A field for each column that the database says the query has."""
    terms = {term.name: term for term in query.columns}
    return tuple(_field(name, terms.get(name), query, catalog) for name in names)


def check_names(fields: Sequence[Field], faults: dict[str, FieldError]) -> None:
    """Refuse a view without an id, or with a field that can't be called so.

    `faults` has what is wrong with their names, by position. Raises: ViewRefused.
    """
    if all(field.name != "id" for field in fields):
        raise ViewRefused(NO_ID)
    for at, field in enumerate(fields):
        fault = faults.get(str(at))
        if fault is not None:
            raise ViewRefused(f'invalid field "{field.name}" ({at}): name: {words(fault)}.')


def is_same(before: Sequence[Field], after: Sequence[Field]) -> bool:
    """Whether two views have the same fields; the random part of their ids aside."""

    def plain(fields: Sequence[Field]) -> list[Field]:
        return [msgspec.structs.replace(f, id="") for f in fields]

    return plain(before) == plain(after)


def _field(name: str, term: Term | None, query: ViewQuery, catalog: Catalog) -> Field:
    if name == "id":
        return _ID
    source = _source(term, query, catalog) if term else None
    if isinstance(source, Field) and source.name != "id":
        return msgspec.structs.replace(source, id=f"_clone_{generate('[a-zA-Z0-9]{4}')}", name=name)
    if isinstance(source, Collection):
        made: Field = RelationField(collection_id=source.id, max_select=1)
    else:
        made = _computed(term.text) if term else _UNKNOWN
    return msgspec.structs.replace(made, id=field_id(made.type, name), name=name)


def _source(term: Term, query: ViewQuery, catalog: Catalog) -> Field | Collection | None:
    """The field that a column copies, or the collection whose ids it has."""
    path = term.text.split(".")
    if len(path) > 2 or not query.tables:
        return None
    named = (table for table in query.tables if table.name == path[0])
    table = query.tables[0] if len(path) == 1 else next(named, None)
    collection = catalog.by_name.get(table.text.lower()) if table else None
    if table is None or collection is None or collection.name != table.text:
        return None
    wanted = path[-1].lower()
    if wanted == "id":
        return collection
    return next((field for field in collection.fields if field.name.lower() == wanted), None)


def _computed(text: str) -> Field:
    if _COUNT.match(text):
        return NumberField(only_int=True)
    if _TOTAL.match(text):
        return NumberField()
    cast = _CAST.fullmatch(text)
    return _CASTS.get(cast[1].lower(), _UNKNOWN) if cast else _UNKNOWN
