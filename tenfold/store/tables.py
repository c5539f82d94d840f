"""Steps of a schema change as SQLite's SQL. Text only; see `sqlite_tables` for running it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch

from tenfold.schema.diff import (
    AddColumn,
    ConvertColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropTable,
    DropView,
    RenameColumn,
    RenameTable,
    Step,
)
from tenfold.schema.fields import (
    AutodateField,
    DateField,
    Field,
    FileField,
    PasswordField,
    RelationField,
    Storage,
)
from tenfold.schema.indexes import Index

COLUMN_TYPES = {
    Storage.TEXT: "TEXT DEFAULT '' NOT NULL",
    Storage.NUMBER: "NUMERIC DEFAULT 0 NOT NULL",
    Storage.BOOL: "BOOLEAN DEFAULT FALSE NOT NULL",
    Storage.LIST: "JSON DEFAULT '[]' NOT NULL",
    Storage.JSON: "JSON DEFAULT NULL",
    Storage.POINT: """JSON DEFAULT '{"lon":0,"lat":0}' NOT NULL""",
}
REVISION = "_rev INTEGER DEFAULT 0 NOT NULL"
_CONVERTED = "_rev_converted"

_EMPTY = {
    Storage.TEXT: "''",
    Storage.NUMBER: "0",
    Storage.BOOL: "FALSE",
    Storage.LIST: "'[]'",
    Storage.JSON: "NULL",
    Storage.POINT: """'{"lon":0,"lat":0}'""",
}


def quoted(name: str) -> str:
    """An identifier in SQL, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


@singledispatch
def statements(step: Step) -> list[str]:
    """The SQL of one step."""
    raise NotImplementedError(type(step).__name__)


@statements.register
def _(step: CreateTable) -> list[str]:
    columns = [_column(field) for field in step.collection.fields]
    return [f"CREATE TABLE {quoted(step.collection.name)} ({', '.join([*columns, REVISION])})"]


def _column(field: Field) -> str:
    if field.name == "id":
        return "id TEXT PRIMARY KEY NOT NULL"
    return f"{quoted(field.name)} {COLUMN_TYPES[field.storage]}"


@statements.register
def _(step: DropTable) -> list[str]:
    return [f"DROP TABLE {quoted(step.name)}"]


@statements.register
def _(step: RenameTable) -> list[str]:
    return [f"ALTER TABLE {quoted(step.old)} RENAME TO {quoted(step.new)}"]


@statements.register
def _(step: AddColumn) -> list[str]:
    return [f"ALTER TABLE {quoted(step.table)} ADD COLUMN {_column(step.field)}"]


@statements.register
def _(step: DropColumn) -> list[str]:
    return [f"ALTER TABLE {quoted(step.table)} DROP COLUMN {quoted(step.name)}"]


@statements.register
def _(step: RenameColumn) -> list[str]:
    old, new = quoted(step.old), quoted(step.new)
    return [f"ALTER TABLE {quoted(step.table)} RENAME COLUMN {old} TO {new}"]


@statements.register
def _(step: ConvertColumn) -> list[str]:
    table, name, temporary = quoted(step.table), quoted(step.name), quoted(_CONVERTED)
    value = conversion(step.old, step.new, name)
    if value == name and step.old.storage is step.new.storage:
        return []
    return [
        f"ALTER TABLE {table} ADD COLUMN {temporary} {COLUMN_TYPES[step.new.storage]}",
        f"UPDATE {table} SET {temporary} = {value}",
        f"ALTER TABLE {table} DROP COLUMN {name}",
        f"ALTER TABLE {table} RENAME COLUMN {temporary} TO {name}",
    ]


@statements.register
def _(step: CreateIndex) -> list[str]:
    index = Index.parse(step.text)
    if index is None:
        return []
    return [replace(index, table=step.table, schema="", optional=False).render()]


@statements.register
def _(step: DropIndex) -> list[str]:
    index = Index.parse(step.text)
    return [f"DROP INDEX IF EXISTS {quoted(index.name)}"] if index else []


@statements.register
def _(step: DropView) -> list[str]:
    return [f"DROP VIEW IF EXISTS {quoted(step.name)}"]


# --- conversions -------------------------------------------------------------------------

_OWN_MEANING = (FileField, RelationField, PasswordField)
"""Types whose values mean nothing under another type: files, references, hashes."""


def conversion(old: Field, new: Field, column: str) -> str:
    """The SQL value that brings a column from one field's form to another's.

    What has no counterpart becomes empty.
    """
    if isinstance(old, _OWN_MEANING) and type(old) is not type(new):
        keeps = isinstance(old, RelationField) and not isinstance(new, _OWN_MEANING)
        if not keeps:
            return _EMPTY[new.storage]
    if isinstance(new, _OWN_MEANING) and type(old) is not type(new):
        return _EMPTY[new.storage]
    direct = _DIRECT.get((old.storage, new.storage))
    value = direct(column) if direct else _FROM_TEXT[new.storage](_TO_TEXT[old.storage](column))
    is_date = isinstance(new, DateField | AutodateField)
    if is_date and not isinstance(old, DateField | AutodateField):
        return f"coalesce(strftime('%Y-%m-%d %H:%M:%fZ', nullif({value}, '')), '')"
    return value


def _same(column: str) -> str:
    return column


def _bool_text(column: str) -> str:
    return f"CASE WHEN {column} THEN 'true' ELSE 'false' END"


def _last_item(column: str) -> str:
    return f"coalesce(json_extract({column}, '$[#-1]'), '')"


def _json_content(column: str) -> str:
    """A JSON string's text, other JSON as it stands, null as ""."""
    return (
        f"CASE coalesce(json_type({column}), 'null') WHEN 'null' THEN ''"
        f" WHEN 'text' THEN json_extract({column}, '$') ELSE {column} END"
    )


def _if_json(text: str, condition: str) -> str:
    """A condition that is only looked at where the text is JSON (CASE is lazy, AND need not be)."""
    return f"CASE WHEN json_valid({text}) THEN {condition} ELSE FALSE END"


def _number_of(text: str) -> str:
    number = f"CAST({text} AS NUMERIC)"
    is_number = _if_json(text, f"json_type({text}) IN ('integer', 'real')")
    return f"CASE WHEN {is_number} AND abs({number}) < 9e307 THEN {number} ELSE 0 END"


def _bool_of(text: str) -> str:
    return f"({text}) IN ('1', 't', 'T', 'true', 'True', 'TRUE')"


def _json_of(text: str) -> str:
    is_blank = f"({text}) = ''"
    return (
        f"CASE WHEN {is_blank} THEN NULL WHEN json_valid({text}) THEN {text}"
        f" ELSE json_quote({text}) END"
    )


def _list_of(text: str) -> str:
    is_list = _if_json(text, f"json_type({text}) = 'array'")
    items = f"SELECT json_group_array(CAST(value AS TEXT)) FROM json_each({text})"
    return (
        f"CASE WHEN ({text}) = '' THEN '[]' WHEN {is_list} THEN ({items})"
        f" ELSE json_array({text}) END"
    )


def _point_of(text: str) -> str:
    parts = [f"json_type({text}, '$.{part}') IN ('integer', 'real')" for part in ("lon", "lat")]
    lon, lat = (f"json_extract({text}, '$.{part}')" for part in ("lon", "lat"))
    is_point = _if_json(text, f"{parts[0]} AND {parts[1]}")
    is_on_earth = f"abs({lon}) <= 180 AND abs({lat}) <= 90"
    point = f"json_object('lon', {lon}, 'lat', {lat})"
    return (
        f"CASE WHEN {is_point} THEN CASE WHEN {is_on_earth} THEN {point}"
        f" ELSE {_EMPTY[Storage.POINT]} END ELSE {_EMPTY[Storage.POINT]} END"
    )


Rewrite = Callable[[str], str]

_TO_TEXT: dict[Storage, Rewrite] = {
    Storage.TEXT: _same,
    Storage.NUMBER: lambda column: f"CAST({column} AS TEXT)",
    Storage.BOOL: _bool_text,
    Storage.LIST: _last_item,
    Storage.JSON: _json_content,
    Storage.POINT: _same,
}
_FROM_TEXT: dict[Storage, Rewrite] = {
    Storage.TEXT: _same,
    Storage.NUMBER: _number_of,
    Storage.BOOL: _bool_of,
    Storage.LIST: _list_of,
    Storage.JSON: _json_of,
    Storage.POINT: _point_of,
}
_DIRECT: dict[tuple[Storage, Storage], Rewrite] = {
    **{(storage, storage): _same for storage in Storage},
    (Storage.NUMBER, Storage.BOOL): lambda column: f"{column} != 0",
    (Storage.BOOL, Storage.NUMBER): lambda column: f"CASE WHEN {column} THEN 1 ELSE 0 END",
    (Storage.LIST, Storage.JSON): _same,
    (Storage.POINT, Storage.JSON): _same,
    (Storage.POINT, Storage.NUMBER): lambda _: "0",
    (Storage.POINT, Storage.BOOL): lambda _: "FALSE",
    (Storage.JSON, Storage.BOOL): lambda column: (
        f"CASE json_type({column}) WHEN 'true' THEN TRUE WHEN 'integer' THEN"
        f" json_extract({column}, '$') != 0 WHEN 'real' THEN json_extract({column}, '$') != 0"
        f" WHEN 'text' THEN {_bool_of(f'json_extract({column}, char(36))')} ELSE FALSE END"
    ),
    (Storage.JSON, Storage.NUMBER): lambda column: (
        f"CASE WHEN json_type({column}) = 'true' THEN 1"
        f" ELSE {_number_of(_json_content(column))} END"
    ),
}
