"""Which index a slow statement of Tenfold's store wants, from its text and its plan. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_COLUMNS = 4
SYSTEM = frozenset({"_rev"})

_FROM = re.compile(r'FROM "((?:[^"]|"")+)"(?: AS (t0))?')
_SCAN = re.compile(r"SCAN (\S+)(?: USING (?:COVERING )?INDEX (\S+))?")
_COLUMN = r'(?<![\w.])(?:t0\.)?"((?:[^"]|"")+)"'
_EQUAL = re.compile(rf"{_COLUMN}(?:\)|\s)* (?:=|IS) (?!NULL)")
_RANGE = re.compile(rf"{_COLUMN}(?:\)|\s)* (?:<=?|>=?) ")
_ORDER = re.compile(r" ORDER BY (.+?)(?: LIMIT| OFFSET|$)", re.DOTALL)
_TERM = re.compile(rf"^\s*{_COLUMN}(?:\s+(ASC|DESC))?\s*$")
_INNER = re.compile(r"\((?:SELECT|\s*SELECT)\b")


@dataclass(frozen=True, slots=True)
class IndexWish:
    """An index on a collection's own columns."""

    collection: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """As PocketBase's `indexes` of a collection want it."""
        columns = ", ".join(f"`{column}`" for column in self.columns)
        name = "_".join(["idx_advised", _plain(self.collection), *map(_plain, self.columns)])[:60]
        return f"CREATE INDEX `{name}` ON `{self.collection}` ({columns})"


def _plain(name: str) -> str:
    return re.sub(r"\W", "", name)


def scans_all(plan: Sequence[str]) -> bool:
    """Whether a plan walks through a whole table, or sorts what it found by hand."""
    return any(
        (found := _SCAN.match(step)) is not None and found[2] is None for step in plan
    ) or any(step.startswith("USE TEMP B-TREE FOR") and "ORDER BY" in step for step in plan)


def wished_index(sql: str, plan: Sequence[str]) -> IndexWish | None:
    """The index that would spare a statement the walk; None when it would not help.

    Columns that must equal something come first, then those of the order, else one that is
    compared by size. Conditions on other collections and patterns with LIKE can't be helped so.
    """
    source = _FROM.search(sql)
    if source is None or not scans_all(plan):
        return None
    head, order = _split_order(sql[source.end() :])
    equal = [] if _INNER.search(head) else _names(_EQUAL, head)
    if " OR " in head and len(equal) != 1:
        return None
    columns = list(equal)
    ordered = _ordering(order)
    if ordered:
        columns += [name for name in ordered if name not in columns]
    elif not _INNER.search(head):
        columns += [name for name in _names(_RANGE, head) if name not in columns][:1]
    columns = [name for name in columns if name not in SYSTEM][:MAX_COLUMNS]
    if not columns or columns == ["id"]:
        return None
    return IndexWish(source[1].replace('""', '"'), tuple(columns))


def _split_order(rest: str) -> tuple[str, str]:
    found = _ORDER.search(rest)
    return (rest[: found.start()], found[1]) if found else (rest, "")


def _names(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(name.replace('""', '"') for name in pattern.findall(text)))


def _ordering(order: str) -> list[str]:
    """The columns of an order that an index can give as a whole, else none."""
    terms = [_TERM.match(term) for term in order.split(",")] if order else []
    if not terms or not all(terms):
        return []
    found = [term for term in terms if term]
    directions = {term[2] or "ASC" for term in found}
    return [term[1] for term in found] if len(directions) == 1 else []
