"""`CREATE INDEX` texts: read, pointed at another table, written again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

_INDEX = re.compile(
    r"\s*create\s+(?P<unique>unique\s+)?\s*index\s*(?P<optional>if\s+not\s+exists\s+)?"
    r"(?P<name>\S*)\s+on\s+(?P<table>\S*?)\s*\((?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_COLLATE = re.compile(r"\s+collate\s+(\w+)$", re.IGNORECASE)
_ORDER = re.compile(r"\s+(asc|desc)$", re.IGNORECASE)
_WHERE = re.compile(r"\s*(?:where\s+(?P<where>.+))?\s*", re.IGNORECASE | re.DOTALL)
_QUOTES = "`\"'[] \t\r\n"
_QUOTED = {"'": "'", '"': '"', "`": "`", "[": "]"}
_QUOTE_MARK = re.compile(r"[`\"'\[\]]")
_UNCLOSED = "unclosed"
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class IndexColumn:
    """A column or an expression, with its collation and order ("" where not said)."""

    name: str
    collate: str = ""
    order: str = ""

    def render(self) -> str:
        is_plain = "(" not in self.name and " " not in self.name
        parts = [f"`{self.name}`" if is_plain else self.name]
        if self.collate:
            parts.append(f"COLLATE {self.collate}")
        if self.order:
            parts.append(self.order.upper())
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Index:
    """A parsed `CREATE INDEX`; `schema` is what stood before a dot in its name."""

    name: str
    table: str
    columns: tuple[IndexColumn, ...]
    unique: bool = False
    optional: bool = False
    where: str = ""
    schema: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read one index, or None when it is no single, complete `CREATE INDEX`."""
        found = _INDEX.match(text) if len(text) <= LONGEST else None
        end = _closing(found["rest"]) if found else None
        tail = _WHERE.fullmatch(found["rest"], end + 1) if found and end is not None else None
        if found is None or tail is None or not _is_one_statement(text):
            return None
        schema, _, name = found["name"].rpartition(".")
        columns = tuple(_parse_column(part) for part in _split(found["rest"][:end]))
        index = cls(
            name=name.strip(_QUOTES),
            table=found["table"].rpartition(".")[2].strip(_QUOTES),
            columns=tuple(c for c in columns if c.name),
            unique=bool(found["unique"]),
            optional=bool(found["optional"]),
            where=(tail["where"] or "").strip(),
            schema=schema.strip(_QUOTES),
        )
        return index if index._is_sound() else None

    def _is_sound(self) -> bool:
        """Whether every part is there, and no name breaks out of its quotes."""
        plain = [c.name for c in self.columns if "(" not in c.name]
        names = [self.name, self.table, self.schema, *plain]
        if not (self.name and self.table and self.columns):
            return False
        return not any(_QUOTE_MARK.search(name) for name in names)

    def render(self) -> str:
        """The `CREATE INDEX` text."""
        columns = [column.render() for column in self.columns]
        inner = columns[0] if len(columns) == 1 else "\n  " + ",\n  ".join(columns) + "\n"
        words = [
            "CREATE",
            "UNIQUE INDEX" if self.unique else "INDEX",
            *(["IF NOT EXISTS"] if self.optional else []),
            f"`{self.schema}`.`{self.name}`" if self.schema else f"`{self.name}`",
            f"ON `{self.table}`",
            f"({inner})",
            *([f"WHERE {self.where}"] if self.where else []),
        ]
        return " ".join(words)

    def is_about(self, column: str) -> bool:
        """Whether it is a unique index on just this column."""
        return self.is_single_unique and self.columns[0].name.lower() == column.lower()

    @property
    def is_single_unique(self) -> bool:
        return self.unique and len(self.columns) == 1

    @property
    def definition(self) -> str:
        """What it says beside its name, to find two that say the same."""
        return replace(self, name="", schema="", optional=False).render().lower()


@lru_cache(maxsize=1024)
def parsed(texts: tuple[str, ...]) -> tuple[Index, ...]:
    """The indexes that can be read."""
    found = (Index.parse(text) for text in texts)
    return tuple(index for index in found if index is not None)


def on_table(text: str, table: str) -> str:
    """The index text for a table; as it was when it names that table already."""
    index = Index.parse(text)
    if index is None or not table or index.table.lower() == table.lower():
        return text
    return replace(index, table=table).render()


def _parse_column(part: str) -> IndexColumn:
    text, order, collate = part.strip(), "", ""
    if found := _ORDER.search(text):
        text, order = text[: found.start()].rstrip(), found[1].upper()
    if found := _COLLATE.search(text):
        text, collate = text[: found.start()].rstrip(), found[1]
    is_plain = "(" not in text
    return IndexColumn(text.strip(_QUOTES) if is_plain else text, collate, order)


def _walk(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside quotes, with their positions."""
    until = ""
    for at, char in enumerate(text):
        if until:
            until = "" if char == until else until
        elif char in _QUOTED:
            until = _QUOTED[char]
        else:
            yield at, char
    if until:
        yield len(text), _UNCLOSED


def _closing(text: str) -> int | None:
    """Where the bracket that is already open gets closed."""
    depth = 1
    for at, char in _walk(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return at
    return None


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    depth, start = 0, 0
    parts: list[str] = []
    for at, char in _walk(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _is_one_statement(text: str) -> bool:
    """Whether there is nothing in which a second statement could hide."""
    if "--" in text or "/*" in text:
        return False
    return not any(char in (";", _UNCLOSED) for _, char in _walk(text))
