"""What a store must do for the SQL console of superusers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tenfold.errors import TenfoldError


class QueryRefused(TenfoldError):
    """The query is wrong, or does what the console may not do."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result; `type` is as declared, "" for an expression."""

    name: str
    type: str


@dataclass(slots=True)
class Outcome:
    """What a query gave: rows as texts (None is NULL), or how many rows it changed."""

    columns: list[Column] = field(default_factory=list[Column])
    rows: list[list[str | None]] = field(default_factory=list[list[str | None]])
    affected: int = 0


class Console(Protocol):
    """Runs SQL within bounds of time and size, and never past the change log."""

    async def run(self, query: str) -> Outcome:
        """Run statements; the rows are those of the last one that gives any.

        All of it happens or nothing. Raises: QueryRefused, Unavailable.
        """
        ...
