"""The SQL of a collection's single-record reads and writes, made once per description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

import msgspec

from tenfold.schema.collection import Collection
from tenfold.schema.fields import BoolField, Field, JSONField, PasswordField, Storage
from tenfold.schema.record import Record
from tenfold.schema.values.json_text import to_json
from tenfold.schema.values.scalars import to_bool, to_text

_encode = msgspec.json.Encoder().encode

_known: WeakKeyDictionary[Collection, Statements] = WeakKeyDictionary()


def quoted(name: str) -> str:
    """An identifier in SQL, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Statements:
    """SQL texts whose parameters are a record's columns in the collection's order."""

    collection: Collection
    columns: tuple[str, ...]
    encoders: tuple[Callable[[Any], Any] | None, ...]
    decoders: tuple[tuple[str, Callable[[Any], Any]], ...]
    find: str
    select: str
    insert: str
    update: str
    delete: str
    truncate: str

    @classmethod
    def of(cls, collection: Collection) -> Statements:
        found = _known.get(collection)
        if found is None:
            found = _known[collection] = _build(collection)
        return found

    def bind(self, values: Mapping[str, Any], rev: int) -> tuple[Any, ...]:
        """The column values of a record, its revision last."""
        return (
            *[
                encode(values[name]) if encode else values[name]
                for name, encode in zip(self.columns, self.encoders, strict=True)
            ],
            rev,
        )

    def record(self, row: tuple[Any, ...]) -> Record:
        """The record of a row that `find` or a query gave."""
        values = dict(zip(self.columns, row, strict=False))
        for name, decode in self.decoders:
            values[name] = decode(values[name])
        return Record(self.collection, values, row[-1])

    def image(self, values: Mapping[str, Any]) -> str:
        """The JSON object of all stored values, for the change log."""
        return _encode({name: values[name] for name in self.columns}).decode()


def _build(collection: Collection) -> Statements:
    columns = tuple(f.name for f in collection.fields)
    table = quoted(collection.name)
    names = ", ".join(map(quoted, columns))
    revision = "0" if collection.type == "view" else "_rev"
    marks = ", ".join("?" * (len(columns) + 1))
    assignments = ", ".join(f"{quoted(c)} = ?" for c in columns)
    return Statements(
        collection=collection,
        columns=columns,
        decoders=tuple(_decoders(collection)),
        encoders=tuple(_encoder(f.storage) for f in collection.fields),
        find=f"SELECT {names}, {revision} FROM {table} WHERE id = ?",
        select=f"SELECT {names}, {revision} FROM {table}",
        insert=f"INSERT INTO {table} ({names}, _rev) VALUES ({marks})",
        update=f"UPDATE {table} SET {assignments}, _rev = ? WHERE id = ? AND _rev = ?",
        delete=f"DELETE FROM {table} WHERE id = ?",
        truncate=f"DELETE FROM {table}",
    )


def _encoder(storage: Storage) -> Callable[[Any], Any] | None:
    if storage is Storage.JSON:
        return _raw_text
    if storage in (Storage.LIST, Storage.POINT):
        return _json_text
    return None


def _decoders(collection: Collection) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if collection.type == "view":
        yield from ((field.name, _view_decoder(field)) for field in collection.fields)
        return
    for field in collection.fields:
        if decode := _DECODERS.get(field.storage):
            yield field.name, decode


def _view_decoder(field: Field) -> Callable[[Any], Any]:
    """A view's column may hold anything, so that it is read as leniently as what clients send."""
    cast: Callable[[Any], Any] = field.cast
    if isinstance(field, JSONField):
        cast = _any_json
    elif isinstance(field, PasswordField):
        cast = to_text
    elif isinstance(field, BoolField):
        # Of numbers, only 1 is true where nothing has made them 0 or 1.
        cast = _bool_by_text

    def decode(value: Any) -> Any:
        return cast(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)

    return decode


def _bool_by_text(value: Any) -> bool:
    return to_bool(to_text(value))


def _any_json(value: Any) -> msgspec.Raw:
    found = to_json(value)
    return found if bytes(found) else msgspec.Raw(_encode(value))


def _raw(text: Any) -> msgspec.Raw:
    # A column declared as JSON turns the text of a number into that number.
    if text is None:
        return NULL
    return msgspec.Raw(text.encode() if isinstance(text, str) else _encode(text))


def _json(text: Any) -> Any:
    return msgspec.json.decode(text) if isinstance(text, str) and text else None


def _list(text: Any) -> list[str]:
    found = _json(text)
    # A view's column may hold anything.
    return cast(list[str], found) if isinstance(found, list) else []


def _point(text: Any) -> dict[str, float]:
    return _json(text) or {"lon": 0.0, "lat": 0.0}


NULL = msgspec.Raw(b"null")

_DECODERS: dict[Storage, Callable[[Any], Any]] = {
    Storage.BOOL: bool,
    Storage.LIST: _list,
    Storage.JSON: _raw,
    Storage.POINT: _point,
}


def _json_text(value: Any) -> str:
    return _encode(value).decode()


def _raw_text(value: msgspec.Raw) -> str:
    return bytes(value).decode()
