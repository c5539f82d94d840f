"""Sort text -> keys."""

from __future__ import annotations

import re
from functools import lru_cache

from tenfold.filters.errors import FilterError
from tenfold.filters.tree import SortKey

MAX_KEYS = 8
MAX_KEY_CHARS = 255

_KEY = re.compile(r"([+-]?)([@#]?[A-Za-z_]\w*(?:[.:]\w+)*)", re.ASCII)


@lru_cache(maxsize=1024)
def parse_sort(text: str) -> tuple[SortKey, ...]:
    """Read a sort such as `-created,author.name,@random`. Raises: FilterError."""
    if not text:
        return ()
    keys = text.split(",", MAX_KEYS)
    if len(keys) > MAX_KEYS:
        raise FilterError(f"more than {MAX_KEYS} sort keys")
    return tuple(_key(key.strip(" \t\n")) for key in keys)


def _key(text: str) -> SortKey:
    match = _KEY.fullmatch(text) if len(text) <= MAX_KEY_CHARS else None
    if match is None:
        raise FilterError(f"invalid sort key {text[:MAX_KEY_CHARS]!r}")
    return SortKey(match.group(2), match.group(1) == "-")
