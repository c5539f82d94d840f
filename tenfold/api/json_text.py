"""JSON from a client: one value, no duplicate keys, numbers as PocketBase reads them."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import msgspec

from tenfold.errors import BadRequest

MAX_VALUES = 1_000_000
"""In one body. Each costs far more than the bytes it is sent in, here and in what follows."""

MAX_KEYS = 10_000
"""Of the outermost object: each is looked at by name."""

_SAFE_INTEGER = 1 << 53
_MAY_BE_UNSAFE = re.compile(rb"[0-9]{16}")

# Never gives a byte back, and takes a string without an end as one: linear on any input.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)

TOO_MANY = "The request body holds too many values."

# Looking for duplicate keys costs a second parse; beyond this size the last of them wins.
_DUPLICATES_SOUGHT_BYTES = 1 << 20


def json_object(body: bytes | bytearray) -> dict[str, Any]:
    """A JSON object; null and nothing are an empty one. Raises: BadRequest for anything else."""
    value = json_value(body)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest()
    found = cast("dict[str, Any]", value)
    if len(found) > MAX_KEYS:
        raise BadRequest(TOO_MANY)
    return found


def json_value(body: bytes | bytearray) -> Any:
    """Any JSON value; None for an empty body. Raises: BadRequest.

    Integers beyond 2**53 become floats.
    """
    if not body or body.isspace():
        return None
    if _has_too_many_values(body):
        raise BadRequest(TOO_MANY)
    try:
        value = msgspec.json.decode(body)
        if len(body) <= _DUPLICATES_SOUGHT_BYTES or _MAY_BE_UNSAFE.search(body):
            value, key_count = _settle(value)
            _refuse_duplicates(body, key_count)
    except (ValueError, OverflowError, RecursionError) as error:
        raise BadRequest() from error
    return value


def _has_too_many_values(body: bytes | bytearray) -> bool:
    if _separator_count(body) <= MAX_VALUES:
        return False
    # Commas may stand in texts. To leave those out takes longer, the more there are.
    quote_count = body.count(b'"') - body.count(b'\\"')
    return quote_count > 4 * MAX_VALUES or _separator_count(_STRING.sub(b"", body)) > MAX_VALUES


def _separator_count(text: bytes | bytearray) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{") + 1


def _settle(root: Any) -> tuple[Any, int]:
    """Make huge integers floats, in place; also count the keys of all objects."""
    key_count = 0
    top: list[Any] = [root]
    pending: list[list[Any] | dict[Any, Any]] = [top]
    while pending:
        container = pending.pop()
        if isinstance(container, dict):
            key_count += len(container)
            places = container.items()
        else:
            places = enumerate(container)
        for place, value in places:
            if isinstance(value, dict | list):
                pending.append(cast("dict[Any, Any] | list[Any]", value))
            elif type(value) is int and not -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
                container[place] = float(value)
    return top[0], key_count


def _refuse_duplicates(body: bytes | bytearray, key_count: int) -> None:
    """Raise ValueError when an object names a key twice.

    Every key has its colon: a text with as many colons as the value has keys has no duplicates,
    only one with more (or with colons in its strings) needs the slow look.
    """
    if body.count(b":") != key_count and len(body) <= _DUPLICATES_SOUGHT_BYTES:
        json.loads(body, object_pairs_hook=_unique, parse_int=str, parse_float=str)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")
