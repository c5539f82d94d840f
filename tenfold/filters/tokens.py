"""Cut filter text into tokens, and into a shape and its constants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from tenfold.filters.errors import FilterError

MAX_BYTES = 3500

TokenKind = Literal[
    "text", "number", "call", "name", "operator", "junction", "open", "close", "comma"
]

_TEXT = r"""'(?:[^'\\]+|\\.)*+'|"(?:[^"\\]+|\\.)*+\""""
_NUMBER = r"-?\d+(?:\.\d+)?"

_TOKEN = re.compile(
    rf"""
      (?P<space> [ \t\n]+ | //[^\n]* )
    | (?P<text> {_TEXT} )
    | (?P<number> {_NUMBER} )
    | (?P<call> [A-Za-z_]\w*\( )
    | (?P<name> [@\#]?[A-Za-z_]\w*(?:[.:]\w+)* )
    | (?P<operator> \?? (?: !~ | != | >= | <= | ~ | = | > | < ) )
    | (?P<junction> && | \|\| )
    | (?P<open> \( ) | (?P<close> \) ) | (?P<comma> , )
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)

# A quote that never closes takes the rest, so that hostile text is not scanned again and again.
_CONSTANTS = re.compile(
    rf"(//[^\n]*|{_TEXT}|['\"].*|(?<![\w.:@\#]){_NUMBER}(?![\w.]))", re.ASCII | re.DOTALL
)
_CLOSED = re.compile(rf"{_TEXT}|[^'\"].*", re.ASCII | re.DOTALL)

_ESCAPE = re.compile(r"\\([nrt'\"\\])")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the language and where it starts."""

    kind: TokenKind
    text: str
    start: int


def tokenize(text: str) -> Iterator[Token]:
    """Give the tokens of a filter. Raises: FilterError at the first foreign character."""
    end = 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            raise FilterError(f"unexpected character at {end + 1}: {text[end]!r}")
        kind = match.lastgroup
        if kind != "space":
            yield Token(kind, match.group(), end)  # pyright: ignore[reportArgumentType]
        end = match.end()


def check_size(text: str) -> None:
    """Refuse text that is too long or can't be UTF-8. Raises: FilterError."""
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise FilterError("the filter is not valid Unicode") from None
    if size > MAX_BYTES:
        raise FilterError(f"the filter is longer than {MAX_BYTES} bytes")
    if "\0" in text:
        raise FilterError("the filter contains a NUL character")


def constant(token: str) -> str | float:
    """The value of a text or number token; a number too large for a float counts as 0."""
    if token[0] not in "'\"":
        number = float(token)
        return number if isfinite(number) else 0.0
    inner = token[1:-1]
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m.group(1), m.group(1)), inner)


def split(text: str) -> tuple[tuple[str, ...], tuple[str | float, ...]]:
    """Take the constants out of a filter: its shape (what is left, and their classes) and them.

    Texts of one shape differ in their constants only: each is empty in both or in none, and
    text in both or a number in both. Says little of whether the filter is valid.
    Raises: FilterError when a quote is not closed.
    """
    pieces = _CONSTANTS.split(text)
    if len(pieces) > 1 and not pieces[-1] and not _CLOSED.fullmatch(pieces[-2]):
        raise FilterError("a quote is not closed")
    constants: list[str | float] = []
    for index in range(1, len(pieces), 2):
        piece = pieces[index]
        if piece.startswith("//"):
            pieces[index] = " "
        else:
            value = constant(piece)
            constants.append(value)
            pieces[index] = _class(value)
    return tuple(pieces), tuple(constants)


def _class(value: str | float) -> str:
    if isinstance(value, str):
        return "''" if value else "'"
    return "0"
