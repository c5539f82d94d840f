"""Queries as values. (SQL rendering is being written.)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection

Condition = tuple[Any, RequestFacts]


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a collection to pick: all conditions must hold."""

    collection: Collection
    where: tuple[Condition, ...] = ()
    sort: tuple[Any, ...] = ()
    limit: int | None = None
    offset: int = 0
