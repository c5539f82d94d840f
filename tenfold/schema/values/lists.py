"""Lists of distinct texts, and the ways to add to and take from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

import msgspec

from tenfold.errors import BadRequest
from tenfold.schema.values.modifiers import APPEND, PREPEND, REMOVE
from tenfold.schema.values.scalars import to_text

T = TypeVar("T")

MAX_ITEMS = 50_000


def as_items(raw: object) -> list[object]:
    """What the client sent as a list: one value, a list, or a JSON array in a string.

    Raises: BadRequest for a list so long that looking through it would keep others waiting.
    """
    if isinstance(raw, list | tuple):
        items = list(cast("Iterable[object]", raw))
    elif isinstance(raw, str) and raw.lstrip()[:1] == "[":
        items = _json_texts(raw) or [raw]
    else:
        items = [] if raw is None else [raw]
    if len(items) > MAX_ITEMS:
        raise BadRequest(f"A list may have {MAX_ITEMS} values at most.")
    return items


def _json_texts(raw: str) -> list[object] | None:
    try:
        decoded = msgspec.json.decode(raw, type=list[str | None])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return list(decoded) or [""]


def to_texts(raw: object) -> list[str]:
    """Distinct, non-empty texts in the order they came; none when any item is a list or object."""
    items = as_items(raw)
    if any(isinstance(item, list | dict) for item in items):
        return []
    return distinct(text for item in items if (text := to_text(item)))


def distinct(items: Iterable[T]) -> list[T]:
    """The items without repeats; the first of each stays."""
    return list(dict.fromkeys(items))


def change(current: list[Any], modifier: str, items: list[Any]) -> list[Any]:
    """Prepend, append or remove items; others stay in place."""
    if modifier == PREPEND:
        return distinct([*items, *current])
    if modifier == APPEND:
        return distinct([*current, *items])
    if modifier == REMOVE:
        removed = set(items)
        return [item for item in current if item not in removed]
    return current
