"""The SELECT of a view collection, read just far enough to know where its columns come from.

SQLite runs the query; this only has to recognize columns that are those of a collection. It
accepts what PocketBase accepts: columns and tables of one word each, with or without a name
of their own; more complex expressions in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tenfold.errors import TenfoldError

LONGEST_QUERY = 100_000

_QUOTES = {"'": "'", '"': '"', "`": "`", "[": "]"}
_OPEN, _CLOSE = "(", ")"
_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_WORD = re.compile(r"\w+", re.ASCII)
_JOIN_WORDS = frozenset({"join", "inner", "outer", "left", "right", "full", "cross"})
_SKIPPED = frozenset({"with", "where", "group", "having", "order", "limit", "on"})
_COMPOUND = frozenset({"union", "except", "intersect", "with"})


class ViewRefused(TenfoldError):
    """A view query can't be one; the message says why."""


@dataclass(frozen=True, slots=True)
class Term:
    """A column or table: `text` as written (without quotes), `name` what it is called."""

    text: str
    name: str


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """What a query selects from where, as far as it can be told."""

    columns: tuple[Term, ...]
    tables: tuple[Term, ...]
    is_compound: bool
    is_grouped: bool

    @property
    def has_stored_ids(self) -> bool:
        """Whether its `id` is the id column of the only table it reads."""
        if self.is_compound or len(self.tables) != 1 or not self.tables[0].text.isidentifier():
            return False
        if not self.is_grouped and any("(" in column.text for column in self.columns):
            # An aggregate may make a row of nothing, which has no id.
            return False
        table = self.tables[0].name
        ids = [column.text for column in self.columns if column.name == "id"]
        return ids in (["id"], [f"{table}.id"])


@dataclass(slots=True)
class _Reading:
    """The terms found so far, as lists of words."""

    columns: list[list[str]] = field(default_factory=list[list[str]])
    tables: list[list[str]] = field(default_factory=list[list[str]])


def parse_view_query(text: str) -> ViewQuery:
    """Read a query. Raises: ViewRefused when it is not a single SELECT of named columns."""
    if len(text) > LONGEST_QUERY:
        raise ViewRefused(f"the query is longer than {LONGEST_QUERY} characters")
    words = list(_words(trimmed(text)))
    reading = _read(words)
    columns = tuple(_term(part) for part in reading.columns if part)
    if any(column.text.rpartition(".")[2] == "*" for column in columns):
        raise ViewRefused(
            "wildcard columns (*) are not supported - manually type the collection field names"
            " you want the view query to have"
        )
    tables = tuple(_term(part) for part in reading.tables if part)
    lowered = {word.lower() for word in words}
    is_compound = bool(lowered & _COMPOUND) or sum(w.lower() == "select" for w in words) != 1
    return ViewQuery(columns, tables, is_compound, is_grouped="group" in lowered)


def trimmed(text: str) -> str:
    """A query without what may stand around it."""
    return text.strip("; \t\r\n")


def mentioned_names(text: str) -> list[str]:
    """All words of a query that could be the names of tables, in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def _read(words: list[str]) -> _Reading:
    reading = _Reading()
    part: list[list[str]] | None = None
    for word in words:
        lowered = word.lower()
        if lowered == "select":
            part = reading.columns
            if not part:
                part.append([])
        elif lowered == "from":
            part = reading.tables
            if not part:
                part.append([])
        elif lowered in _SKIPPED:
            part = None
        elif lowered in _JOIN_WORDS and reading.tables:
            part = reading.tables
            part.append([])
        elif part is None or (lowered == "distinct" and part is reading.columns):
            continue
        elif word == ",":
            part.append([])
        else:
            part[-1].append(word)
    return reading


def _term(words: list[str]) -> Term:
    if len(words) > 3:
        raise ViewRefused(f"invalid identifier parts [{' '.join(words)}]")
    if len(words) == 3 and words[1].lower() != "as":
        raise ViewRefused(f'invalid identifier part - expected "as", got {words[1]}')
    text = ".".join(part.strip('"`[]') for part in words[0].split("."))
    name = words[-1] if len(words) > 1 else text.rpartition(".")[2]
    return Term(text, name.strip("'\"`[]"))


def _words(text: str) -> Iterator[str]:
    """The words at the top level; quotes and brackets hold their content together."""
    word: list[str] = []
    for token, is_plain in _tokens(text):
        if is_plain and (token.isspace() or token == ","):
            if word:
                yield "".join(word)
                word = []
            if token == ",":
                yield token
        else:
            word.append(token)
    if word:
        yield "".join(word)


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Single characters, and whole quoted or bracketed stretches (these are not plain)."""
    at = 0
    while at < len(text):
        comment = _COMMENT.match(text, at)
        if comment:
            yield " ", True
            at = comment.end()
            continue
        end = _stretch(text, at)
        if text[at] == ";":
            raise ViewRefused("multiple statements are not supported")
        yield text[at:end], end == at + 1
        at = end


def _stretch(text: str, start: int) -> int:
    """Where the quoted or bracketed stretch that begins at `start` ends."""
    if text[start] in _QUOTES:
        return _quoted(text, start)
    if text[start] == _CLOSE:
        raise _unbalanced(text[start:])
    if text[start] != _OPEN:
        return start + 1
    depth, at = 0, start
    while at < len(text):
        comment = _COMMENT.match(text, at)
        if comment:
            at = comment.end()
            continue
        depth += {_OPEN: 1, _CLOSE: -1}.get(text[at], 0)
        at = _quoted(text, at) if text[at] in _QUOTES else at + 1
        if depth == 0:
            return at
    raise _unbalanced(text[start:])


def _quoted(text: str, start: int) -> int:
    end = text.find(_QUOTES[text[start]], start + 1)
    if end < 0:
        raise _unbalanced(text[start:])
    return end + 1


def _unbalanced(rest: str) -> ViewRefused:
    return ViewRefused(f'unbalanced parenthesis or quoted expression: "{rest[:100]}"')
