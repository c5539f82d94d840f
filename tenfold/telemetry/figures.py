"""What parts of the service count while they work: cheap to add to, read by `/api/metrics`.

None of these locks: each is added to from one thread, or may lose a count now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

K = TypeVar("K")

DELAY_BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZE_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Tally:
    """How often something happened, how long it took in all, and at most."""

    __slots__ = ("count", "longest_s", "total_s")

    def __init__(self) -> None:
        self.count = 0
        self.total_s = 0.0
        self.longest_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.count += 1
        self.total_s += seconds
        if seconds > self.longest_s:
            self.longest_s = seconds


class Distribution:
    """Values counted by size; `bounds` are the upper ends of the buckets, ascending."""

    __slots__ = ("bounds", "buckets", "count", "total")

    def __init__(self, bounds: Iterable[float] = DELAY_BOUNDS_S) -> None:
        self.bounds = tuple(bounds)
        self.buckets = [0] * (len(self.bounds) + 1)
        self.count = 0
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.count += 1
        self.total += value
        for place, bound in enumerate(self.bounds):
            if value <= bound:
                self.buckets[place] += 1
                return
        self.buckets[-1] += 1


@dataclass(slots=True)
class Digest:
    """One shape of statement: how often, how long, how many values it takes."""

    count: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0
    rows: int = 0
    params: int = 0


class Digests:
    """Statements by their text, whose values are placeholders. New shapes beyond `limit` are one.

    `OTHER` is what those are counted under.
    """

    OTHER = "(other statements)"

    def __init__(self, limit: int = 400) -> None:
        self.by_text: dict[str, Digest] = {}
        self._limit = limit

    def add(self, text: str, params: int, rows: int, seconds: float) -> None:
        """Count one run of a statement."""
        digest = self.by_text.get(text)
        if digest is None:
            if len(self.by_text) >= self._limit:
                text = self.OTHER
            digest = self.by_text.setdefault(text, Digest(params=params))
        digest.count += 1
        digest.total_s += seconds
        digest.rows += rows
        if seconds > digest.longest_s:
            digest.longest_s = seconds

    def worst(self, count: int) -> list[tuple[str, Digest]]:
        """Those that took most time in all, first the worst."""
        ranked = sorted(self.by_text.items(), key=lambda item: -item[1].total_s)
        return ranked[:count]


class Heat(Generic[K]):
    """Which keys come most often. Counts of rare keys are forgotten, never those of hot ones."""

    def __init__(self, limit: int = 512) -> None:
        self.total = 0
        self._limit = limit
        self._counts: dict[K, int] = {}

    def add(self, key: K) -> None:
        """Count one."""
        self.total += 1
        counts = self._counts
        counts[key] = counts.get(key, 0) + 1
        if len(counts) > self._limit:
            # Lossy counting: what comes rarely falls out, the rest loses one each time.
            self._counts = {key: count - 1 for key, count in counts.items() if count > 1}

    def hottest(self) -> tuple[K | None, int]:
        """The key that came most often, and how often at least."""
        counts = self._counts
        if not counts:
            return None, 0
        key = max(counts, key=counts.__getitem__)
        return key, counts[key]


class TalliesByName:
    """Tallies by a name, bounded."""

    def __init__(self, limit: int = 200) -> None:
        self.by_name: dict[str, Tally] = {}
        self._limit = limit

    def add(self, name: str, seconds: float) -> None:
        """Count one."""
        tally = self.by_name.get(name)
        if tally is None:
            if len(self.by_name) >= self._limit:
                return
            tally = self.by_name[name] = Tally()
        tally.add(seconds)


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure at one moment; a name that ends in `_total` only grows."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


Source = Callable[[], Iterable[Sample]]


def distribution_samples(name: str, found: Distribution) -> list[Sample]:
    """A distribution as a histogram of Prometheus: cumulative buckets, sum and count."""
    made: list[Sample] = []
    seen = 0
    for bound, count in zip((*found.bounds, float("inf")), found.buckets, strict=True):
        seen += count
        shown = "+Inf" if bound == float("inf") else f"{bound:g}"
        made.append(Sample(f"{name}_bucket", seen, (("le", shown),)))
    return [*made, Sample(f"{name}_sum", found.total), Sample(f"{name}_count", found.count)]


class Stopwatch:
    """Seconds since it was made, or since the last lap."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at = perf_counter()

    def lap(self) -> float:
        """Seconds since the last lap; the next one begins."""
        now = perf_counter()
        took, self._at = now - self._at, now
        return took
