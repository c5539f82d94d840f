"""How a rate moves over time, and when each request is therefore due."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

SHAPES = ("steady", "ramp", "spike", "day")
DAY_POINTS = 96
"""A day's curve is drawn by a line through this many quarters of an hour."""

Point = tuple[float, float]
"""Seconds since the start, requests a second; the rate is a straight line between two points."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second over the time of a run; docs/measuring.md explains the keys."""

    shape: str = "steady"
    arrivals: str = "even"
    per_s: float = 1_000.0
    peak_per_s: float = 0.0
    peak_at_ratio: float = 0.4
    peak_ratio: float = 0.2
    duration_s: float = 10.0
    warmup_s: float = 2.0

    def contradictions(self) -> list[str]:
        """What the keys say against each other."""
        problems: list[str] = []
        if self.shape in ("ramp", "spike", "day") and not self.peak_per_s:
            problems.append(f"a {self.shape} needs rate.peak_per_s")
        elif self.shape == "day" and not self.per_s <= self.peak_per_s <= 2 * self.per_s:
            problems.append("a day's rate.peak_per_s lies between per_s, the mean, and its double")
        if self.shape == "spike" and self.peak_at_ratio + self.peak_ratio > 1 + 1e-9:
            problems.append("a spike ends within the run: peak_at_ratio + peak_ratio is over 1")
        return problems

    def points(self) -> list[Point]:
        """The measured part as corners of a line."""
        start, end, peak = self.per_s, self.duration_s, self.peak_per_s
        if self.shape == "ramp":
            return [(0.0, start), (end, peak)]
        if self.shape == "spike":
            rises, falls = self.peak_at_ratio * end, (self.peak_at_ratio + self.peak_ratio) * end
            return [
                *[(0.0, start), (rises, start), (rises, peak)],
                *[(min(falls, end), peak), (min(falls, end), start), (end, start)],
            ]
        if self.shape == "day":
            swing = peak - start
            return [
                (n / DAY_POINTS * end, start - swing * math.cos(2 * math.pi * n / DAY_POINTS))
                for n in range(DAY_POINTS + 1)
            ]
        return [(0.0, start), (end, start)]

    def warmup_points(self) -> list[Point]:
        """The part before, at the rate the measured one begins with."""
        first = max(self.points()[0][1], 1.0)
        return [(0.0, first), (self.warmup_s, first)]

    @property
    def highest_per_s(self) -> float:
        """The rate at its peak."""
        return max(rate for _, rate in self.points())


def count_of(points: list[Point]) -> int:
    """How many requests fall under a line."""
    return round(_area(points))


def due_times(
    points: list[Point], count: int, part: int, parts: int, rng: random.Random | None = None
) -> Iterator[float]:
    """When the requests of one of `parts` processes are due, in seconds, ascending.

    All parts together make exactly `count` requests. Without `rng` they are evenly spaced over
    the rate; with it they come as from independent users (a Poisson process of that count).
    """
    own = (count - part + parts - 1) // parts
    scale = _area(points) / count if count else 0.0
    if rng is None:
        places = ((n * parts + part + 0.5) * scale for n in range(own))
    else:
        places = _random_places(own, count * scale, rng)
    return _times(points, places)


def _random_places(count: int, length: float, rng: random.Random) -> Iterator[float]:
    """`count` uniform places in ascending order, without holding or sorting them."""
    left = 1.0
    for n in range(count):
        left *= (1.0 - rng.random()) ** (1 / (count - n))
        yield (1.0 - left) * length


def _times(points: list[Point], places: Iterator[float]) -> Iterator[float]:
    """The times at which the area under the line reaches each place."""
    segment, before = 0, 0.0
    area = _segment_area(points, 0)
    for place in places:
        while place > before + area and segment < len(points) - 2:
            before += area
            segment += 1
            area = _segment_area(points, segment)
        yield _time_in(points[segment], points[segment + 1], place - before)


def _time_in(start: Point, end: Point, area: float) -> float:
    """When the area since `start` is `area`: the root of slope/2·t² + rate·t = area."""
    (start_s, rate), (end_s, end_rate) = start, end
    if end_s == start_s:
        return start_s
    slope = (end_rate - rate) / (end_s - start_s)
    root = math.sqrt(max(rate * rate + 2 * slope * area, 0.0))
    took = 2 * area / (rate + root) if rate + root > 0 else 0.0
    return min(start_s + took, end_s)


def _segment_area(points: list[Point], segment: int) -> float:
    (start_s, start_rate), (end_s, end_rate) = points[segment], points[segment + 1]
    return (end_s - start_s) * (start_rate + end_rate) / 2


def _area(points: list[Point]) -> float:
    return sum(_segment_area(points, n) for n in range(len(points) - 1))
