"""Values as PocketBase's columns keep them, in the shapes of `Storage`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Storage
from tenfold.schema.record import Record
from tenfold.schema.values.scalars import to_number, to_text

_NULL = msgspec.Raw(b"null")


def record_of(collection: Collection, row: Mapping[str, Any]) -> Record:
    """A record of a row; a column that the row lacks is empty."""
    values: dict[str, Any] = {}
    for field in collection.fields:
        raw = row.get(field.name)
        if isinstance(raw, bytes):
            raw = raw.decode("utf-8", "replace")
        values[field.name] = field.zero() if raw is None else _READERS[field.storage](raw)
    return Record(collection, values)


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else to_text(raw)


def _number(raw: Any) -> int | float:
    return raw if isinstance(raw, (int, float)) else to_number(raw)


def _parsed(raw: Any) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
        return None


def _list(raw: Any) -> list[str]:
    found: Any = _parsed(raw)
    if isinstance(found, list):
        return [_text(item) for item in cast("list[Any]", found)]
    text = _text(raw)
    return [text] if text and text != "null" else []


def _json(raw: Any) -> msgspec.Raw:
    if isinstance(raw, str) and _is_json(raw):
        return msgspec.Raw(raw.encode())
    return _NULL if raw == "" else msgspec.Raw(msgspec.json.encode(raw))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _point(raw: Any) -> dict[str, float]:
    found: Any = _parsed(raw)
    if not isinstance(found, dict):
        return {"lon": 0, "lat": 0}
    point = cast("dict[str, Any]", found)
    return {"lon": _number(point.get("lon", 0)), "lat": _number(point.get("lat", 0))}


_READERS: dict[Storage, Callable[[Any], Any]] = {
    Storage.TEXT: _text,
    Storage.NUMBER: _number,
    Storage.BOOL: bool,
    Storage.LIST: _list,
    Storage.JSON: _json,
    Storage.POINT: _point,
}
