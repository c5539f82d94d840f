"""Values as a database compares them: null, number or text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

Scalar = str | int | float | bool | None

MAX_PATTERN_BYTES = 50_000
"""Databases refuse longer LIKE patterns; here they match nothing."""

_encoder = msgspec.json.Encoder()


def scalar(value: Any) -> Scalar:
    """What a column holds for a record's value: lists and objects are JSON text."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (msgspec.Raw, bytes)):
        return bytes(value).decode()
    return _encoder.encode(value).decode()


def json_text(value: Any) -> str:
    """A list or object as compact JSON, the way columns hold it."""
    return _encoder.encode(value).decode()


_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def lower(text: str) -> str:
    """Text with A-Z, and no other letters, in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def pattern(value: Scalar) -> str | None:
    """The LIKE pattern (escape character \\) that `~ value` stands for; null has none.

    A % that is not escaped makes the value a pattern as it is; any other value may stand
    anywhere in the text, and its \\ and _ mean themselves.
    """
    if value is None:
        return None
    text = value if isinstance(value, str) else number_text(value)
    if len(text) > MAX_PATTERN_BYTES // 8:
        return _bounded(text)
    return _pattern(text)


def _bounded(text: str) -> str | None:
    made = _pattern(text)
    return made if len(made.encode()) <= MAX_PATTERN_BYTES else None


def _pattern(text: str) -> str:
    if not ("%" in text or "_" in text or "\\" in text):
        return f"%{text}%"
    return text if _has_wildcard(text) else f"%{_escape(text)}%"


def number_text(value: float | bool) -> str:
    """A number in decimal digits without an exponent (true and false as words)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(repr(value)), "f") if abs(value) < float("inf") else str(value)


def _has_wildcard(text: str) -> bool:
    return "%" in text.replace("\\%", "") if "%" in text else False


def _escape(text: str) -> str:
    """Escape \\ and _, leaving a % that is escaped already alone."""
    parts = text.split("\\%")
    return "\\%".join(part.replace("\\", "\\\\").replace("_", "\\_") for part in parts)
