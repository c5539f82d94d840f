"""Forms and queries: percent-decoding as Go does it, and the types of form values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from tenfold.api.json_text import TOO_MANY, json_object
from tenfold.errors import BadRequest

JSON_PAYLOAD = "@jsonPayload"
MAX_FORM_VALUES = 10_000
MAX_ESCAPES = 1_000_000

_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_NUMBER = frozenset("-.0123456789")
_SAFE_INTEGER = 1 << 53


def lenient_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of a query; those with a bad escape or a semicolon are left out."""
    for part in text.split("&"):
        if part and ";" not in part:
            pair = _decode(part)
            if pair is not None:
                yield pair


def strict_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of a form body. Raises: BadRequest for bad escapes and too many of anything."""
    parts = text.split("&", MAX_FORM_VALUES)
    if len(parts) > MAX_FORM_VALUES or text.count("%") > MAX_ESCAPES:
        raise BadRequest(TOO_MANY)
    for part in parts:
        if not part:
            continue
        pair = None if ";" in part else _decode(part)
        if pair is None:
            raise BadRequest()
        yield pair


def _decode(part: str) -> tuple[str, str] | None:
    name, _, value = part.partition("=")
    if "%" not in part:
        return name.replace("+", " "), value.replace("+", " ")
    if _BAD_ESCAPE.search(part):
        return None
    return _unquote(name), _unquote(value)


def _unquote(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")


def form_object(values: dict[str, list[Any]]) -> dict[str, Any]:
    """A form's fields as one object: repeated keys become lists, texts get their types.

    `@jsonPayload` values are objects that win over fields of the same key; the last wins.
    Raises: BadRequest when a payload is no object.
    """
    payloads = values.pop(JSON_PAYLOAD, [])
    result = {name: _single_or_list(items) for name, items in values.items()}
    for text in payloads:
        result.update(_payload(text))
    return result


def _payload(text: Any) -> dict[str, Any]:
    if not isinstance(text, str) or not text.strip():
        raise BadRequest()
    return json_object(text.encode())


def _single_or_list(items: list[Any]) -> Any:
    typed = [infer(item) if isinstance(item, str) else item for item in items]
    if len(typed) == 1 and isinstance(items[0], str):
        return typed[0]
    return typed


def infer(text: str) -> Any:
    """true, false and numbers in their plain spelling get their type; all else stays text."""
    if text == "true":
        return True
    if text == "false":
        return False
    if not text or len(text) > 330 or not _NUMBER.issuperset(text):
        return text
    return _number(text)


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    if plain_number(value) != text:
        return text
    return int(text) if value.is_integer() and abs(value) <= _SAFE_INTEGER else value


def plain_number(value: float) -> str:
    """The shortest decimal spelling that reads back the same, without an exponent."""
    short = repr(value)
    if "e" not in short:
        return short.removesuffix(".0")
    mantissa, _, exponent = short.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return sign + digits.ljust(point, "0")
