"""LIKE as SQLite means it: % any text, _ one character, \\ escapes, ASCII case ignored."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tenfold.filters.values import MAX_PATTERN_BYTES, lower

Matcher = Callable[[str], bool]


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Matcher:
    """A function that tells whether text matches a pattern, in time linear in the text."""
    pieces = _pieces(lower(_until_nul(pattern)))
    if pieces is None:
        return lambda text: False
    if len(pieces) == 3 and not pieces[0] and not pieces[2] and "\0" not in pieces[1]:
        inner = pieces[1]
        return lambda text: inner in lower(_until_nul(text))
    if len(pieces) == 1:
        whole = _search(pieces[0])
        return lambda text: whole(lower(_until_nul(text)), 0) == (0, len(_until_nul(text)))
    return _sequence(pieces)


def like(text: str, pattern: str | None) -> bool:
    """Whether text matches a pattern made on the spot."""
    return pattern is not None and matcher(pattern)(text)


def unlike(text: str, pattern: str | None) -> bool:
    """Whether text does not match a pattern; null matches neither way."""
    return pattern is not None and not matcher(pattern)(text)


def anywhere(text: str | None) -> str | None:
    """The pattern of text, wildcards and all, standing anywhere."""
    if text is None or len(text.encode()) + 2 > MAX_PATTERN_BYTES:
        return None
    return f"%{text}%"


def _until_nul(text: str) -> str:
    """SQLite stops reading at a NUL character here."""
    return text.partition("\0")[0] if "\0" in text else text


def _pieces(pattern: str) -> list[str] | None:
    """The texts between the % of a pattern, \\0 standing for _; None when it can't match."""
    pieces = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            escaped = next(characters, None)
            if escaped is None:
                return None
            pieces[-1] += escaped
        elif character == "%":
            pieces.append("")
        else:
            pieces[-1] += "\0" if character == "_" else character
    return pieces


def _search(piece: str) -> Callable[[str, int], tuple[int, int]]:
    """A function that finds a piece in text from a position on: where it begins and ends."""
    if "\0" not in piece:
        size = len(piece)

        def find(text: str, start: int) -> tuple[int, int]:
            found = text.find(piece, start)
            return found, found + size

        return find
    expression = re.compile("".join("." if c == "\0" else re.escape(c) for c in piece), re.DOTALL)

    def search(text: str, start: int) -> tuple[int, int]:
        found = expression.search(text, start)
        return found.span() if found else (-1, -1)

    return search


def _sequence(pieces: list[str]) -> Matcher:
    """First and last piece stand at the ends, the others between, each as early as it can."""
    last_size = len(pieces[-1])
    first, *between, last = map(_search, pieces)

    def matches(text: str) -> bool:
        text = lower(_until_nul(text))
        begin, position = first(text, 0)
        if begin != 0:
            return False
        for search in between:
            begin, position = search(text, position)
            if begin < 0:
                return False
        tail = len(text) - last_size
        return tail >= position and last(text, tail)[0] == tail

    return matches
