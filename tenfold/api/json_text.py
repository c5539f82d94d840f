"""JSON from a client: one value, no duplicate keys, numbers as PocketBase reads them."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec

from tenfold.errors import BadRequest

_SAFE_INTEGER = 1 << 53

# Looking for duplicate keys costs a second parse; beyond this size the last of them wins.
_DUPLICATES_SOUGHT_BYTES = 1 << 20


def json_object(body: bytes | bytearray) -> dict[str, Any]:
    """A JSON object; null and nothing are an empty one. Raises: BadRequest for anything else."""
    value = json_value(body)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest()
    return cast("dict[str, Any]", value)


def json_value(body: bytes | bytearray) -> Any:
    """Any JSON value; None for an empty body. Raises: BadRequest.

    Integers beyond 2**53 become floats.
    """
    if not body or body.isspace():
        return None
    try:
        value, key_count = _settle(msgspec.json.decode(body))
        _refuse_duplicates(body, key_count)
    except (ValueError, OverflowError, RecursionError) as error:
        raise BadRequest() from error
    return value


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
