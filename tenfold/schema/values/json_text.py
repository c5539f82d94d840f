"""JSON columns: the text as it came, checked once."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from tenfold.schema.values.scalars import clean, simplest

NULL = msgspec.Raw(b"null")
INVALID = msgspec.Raw(b"")
"""What is no JSON; never stored."""

_WORDS = frozenset({"null", "true", "false"})
_STARTS = frozenset('"[{-0123456789')
# PocketBase quotes text as Go does, and what that spells in Go's own way is no JSON.
_UNQUOTABLE = re.compile("[\0-\x07\x0b\x0e-\x1f\x7f]")
_LAST_PLANE_0 = "\uffff"
# Floats that are whole, and numbers that may be more than a double holds.
_ODD_NUMBER = re.compile(rb"\d\.0(?!\d)|\de|\d{16}")
_encoder = msgspec.json.Encoder(order="sorted")


def to_json(raw: object) -> msgspec.Raw:
    """JSON text of a value; a string that already is JSON is taken as such."""
    if isinstance(raw, msgspec.Raw):
        return raw
    if isinstance(raw, str):
        return _from_string(clean(raw))
    return _encoded(raw)


def _from_string(text: str) -> msgspec.Raw:
    if (text in _WORDS or text[:1] in _STARTS) and _is_json(text):
        return msgspec.Raw(text.strip().encode())
    if _UNQUOTABLE.search(text) or any(c > _LAST_PLANE_0 and not c.isprintable() for c in text):
        return INVALID
    return msgspec.Raw(msgspec.json.encode(text))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return False
    return True


def _encoded(raw: object) -> msgspec.Raw:
    try:
        text = _encoder.encode(raw)
        return msgspec.Raw(_encoder.encode(_plain(raw)) if _ODD_NUMBER.search(text) else text)
    except (TypeError, ValueError, OverflowError, RecursionError, UnicodeError):
        return NULL


def _plain(value: object) -> object:
    """A JSON value with its numbers as doubles, integers where they are whole."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return simplest(value)
    return value
