"""JSON columns: the text as it came, checked once."""

from __future__ import annotations

import msgspec

from tenfold.schema.values.scalars import clean

NULL = msgspec.Raw(b"null")

_WORDS = frozenset({"null", "true", "false"})
_STARTS = frozenset('"[{-0123456789')
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
    return msgspec.Raw(msgspec.json.encode(text))


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return False
    return True


def _encoded(raw: object) -> msgspec.Raw:
    try:
        return msgspec.Raw(_encoder.encode(raw))
    except (TypeError, ValueError, OverflowError, RecursionError, UnicodeError):
        return NULL
