"""Cron expressions as PocketBase reads them: five segments, all of which must match (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""Minute, hour, day, month, weekday (0 is Sunday)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes, hours, days, months and weekdays of an expression."""

    segments: tuple[frozenset[int], ...]

    @classmethod
    def parse(cls, expression: str) -> Schedule:
        """Raises: ValueError saying which segment is wrong."""
        segments = MACROS.get(expression, expression).split(" ")
        if len(segments) != len(BOUNDS):
            raise ValueError(f"{expression!r} is no macro and has not exactly 5 segments")
        pairs = zip(segments, BOUNDS, strict=True)
        return cls(tuple(_parse(text, low, high) for text, (low, high) in pairs))

    def is_due(self, minute: int) -> bool:
        """Whether a minute (counted since 1970) is one of the expression's."""
        at = datetime.fromtimestamp(minute * 60, UTC)
        now = (at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
        return all(n in segment for n, segment in zip(now, self.segments, strict=True))


def _parse(text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            every = int(step) if "/" in part else 1
            start = low if span == "*" else int(first)
            end = high if span == "*" else int(last) if "-" in span else start
        except ValueError as error:
            raise ValueError(f"{part!r} is no number, range or step") from error
        if not low <= start <= end <= high or not 1 <= every <= high:
            raise ValueError(f"{part!r} is not within {low} and {high}")
        found.update(range(start, end + 1, every))
    return frozenset(found)
