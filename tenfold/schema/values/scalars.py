"""Text, numbers and booleans out of whatever a client sent."""

from __future__ import annotations

import math
import re
from decimal import Decimal

EXACT_INT_LIMIT = 2**53
"""Beyond it a double no longer holds every integer, and PocketBase's numbers are doubles."""

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "nan"})
_HEX = re.compile(r"[+-]?0[xX][0-9a-fA-F_.]+[pP][+-]?[0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what UTF-8 can't carry (lone surrogates)."""
    return text if text.isascii() else _SURROGATE.sub("�", text)


def to_text(raw: object) -> str:
    """Text, numbers and booleans as text; everything else is ""."""
    if isinstance(raw, str):
        return clean(raw)
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return number_text(raw)
    return ""


def number_text(number: int | float) -> str:
    """A number in plain digits, never with an exponent."""
    if isinstance(number, int) and abs(number) < EXACT_INT_LIMIT:
        return str(number)
    double = as_double(number)
    if not math.isfinite(double):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(double, "NaN")
    plain = format(Decimal(repr(double)), "f")
    return plain.removesuffix(".0")


def as_double(number: int | float) -> float:
    """The nearest double; an integer too large for any becomes infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def to_number(raw: object) -> int | float:
    """Numbers, and text that spells one; everything else is 0. May be infinite or NaN."""
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int | float):
        return simplest(raw)
    if isinstance(raw, str):
        return simplest(_parse_number(raw))
    return 0


def simplest(number: int | float) -> int | float:
    """An integer where a double holds it exactly, else the double."""
    if isinstance(number, int) and abs(number) < EXACT_INT_LIMIT:
        return number
    double = as_double(number)
    if double.is_integer() and abs(double) < EXACT_INT_LIMIT:
        return int(double)
    return double


def _parse_number(text: str) -> float:
    """Read Go's spelling of floats: Python's, less white space and foreign digits, plus hex."""
    if not text or len(text) > 400 or not text.isascii() or text[0].isspace() or text[-1].isspace():
        return 0
    if _HEX.fullmatch(text):
        return _parse_hex(text)
    try:
        number = float(text)
    except ValueError:
        return 0
    is_spelled = text.lower() in _INFINITE
    return number if is_spelled or math.isfinite(number) else 0


def _parse_hex(text: str) -> float:
    try:
        return float.fromhex(text.replace("_", ""))
    except (ValueError, OverflowError):
        return 0


def to_bool(raw: object) -> bool:
    """Booleans, numbers (0 is false) and a few words; everything else is false."""
    if isinstance(raw, str):
        return raw in _TRUE
    if isinstance(raw, bool | int | float):
        return bool(raw)
    return False
