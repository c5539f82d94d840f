"""The parameters `page`, `perPage` and `skipTotal`, and the page that answers them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenfold.errors import BadRequest

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 1_000
MAX_INTEGER = 2**63 - 1

_INTEGER = re.compile("[+-]?[0-9]{1,19}")
_BOOLEANS = dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "false", "FALSE", "False"), False
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; the totals are -1 when the client skips them."""

    items: Sequence[Any]
    page: int
    per_page: int
    total_items: int
    total_pages: int

    def wire(self) -> dict[str, Any]:
        """The page as clients know it."""
        return {
            "items": self.items,
            "page": self.page,
            "perPage": self.per_page,
            "totalItems": self.total_items,
            "totalPages": self.total_pages,
        }


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page a client asks for."""

    page: int
    per_page: int
    skips_total: bool

    @property
    def offset(self) -> int:
        """How many items come before the page, as far as the store can count."""
        return min((self.page - 1) * self.per_page, MAX_INTEGER)

    def filled(self, items: Sequence[Any], total: int) -> Page:
        """The page with its items; `total` does not matter when it is skipped."""
        if self.skips_total:
            return Page(items, self.page, self.per_page, -1, -1)
        return Page(items, self.page, self.per_page, total, -(-total // self.per_page))


def parse_paging(query: Mapping[str, str]) -> Paging:
    """Read the parameters. Raises: BadRequest for what is no number or no truth value."""
    page = max(1, _whole_number(query, "page", 1))
    per_page = _whole_number(query, "perPage", DEFAULT_PER_PAGE)
    per_page = min(per_page, MAX_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE
    return Paging(page, per_page, _boolean(query, "skipTotal"))


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not _INTEGER.fullmatch(text) or abs(int(text)) > MAX_INTEGER:
        raise BadRequest()
    return int(text)


def _boolean(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "")
    if text and text not in _BOOLEANS:
        raise BadRequest()
    return bool(text) and _BOOLEANS[text]
