"""Find the knee: the highest rate at which a target still keeps a goal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tenfold.measure.results import Machine, RunResult
from tenfold.measure.usl import Usl
from tenfold.measure.workload import Workload

GROWTH = 2.0
NEAR_GROWTH = 1.25
"""Steps of a later round, which begins where the last one ended."""

KEPT_SHARE = 0.95
"""Good answers come at this share of the planned rate, or a backlog grows."""

LOWEST_PER_S = 1.0
HIGHEST_PER_S = 1e6


@dataclass(frozen=True, slots=True)
class Goal:
    """What is still good: p99 from the planned send time, and the share of failures."""

    p99_ms: float = 50.0
    error_ratio: float = 0.001

    def broken_by(self, result: RunResult) -> str:
        """Why a run does not keep the goal; empty when it does."""
        if result.generator.limit:
            return GENERATOR
        if result.error_ratio > self.error_ratio:
            return f"{result.error_ratio:.2%} failed"
        if result.latencies.p99_ms > self.p99_ms:
            return f"p99 over {self.p99_ms:g} ms"
        if result.good_per_s < KEPT_SHARE * result.planned_per_s:
            return "a backlog grew"
        return ""


GENERATOR = "the generator was the limit"


@dataclass(frozen=True, slots=True)
class Step:
    """One rate that was tried; `broken_by` is empty when the goal was kept."""

    per_s: float
    good_per_s: float
    p50_ms: float
    p99_ms: float
    error_ratio: float
    broken_by: str = ""


@dataclass(frozen=True, slots=True)
class Knee:
    """The highest good rate of each round, and every step on the way.

    `is_lower_bound`: the generator, not the target, ended the search.
    """

    workers: int
    rounds: list[float]
    steps: list[Step]
    is_lower_bound: bool

    @property
    def per_s(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest round."""
        return min(self.rounds), max(self.rounds)


@dataclass(frozen=True, slots=True)
class KneeReport:
    """All of `tenfold knee`. `law` is fitted over `workers` where more than one was tried."""

    machine: Machine
    target: str
    workload: Workload
    goal: Goal
    knees: list[Knee]
    law: Usl | None


def step_of(result: RunResult, goal: Goal) -> Step:
    """What a run says about its rate."""
    return Step(
        per_s=result.planned_per_s,
        good_per_s=result.good_per_s,
        p50_ms=result.latencies.p50_ms,
        p99_ms=result.latencies.p99_ms,
        error_ratio=result.error_ratio,
        broken_by=goal.broken_by(result),
    )


def find_knee(
    measure: Callable[[float], Step],
    start_per_s: float,
    *,
    workers: int = 0,
    rounds: int = 3,
    precision: float = 0.05,
) -> Knee:
    """Ramp up until the goal breaks, then bisect, in each round anew.

    A rate counts as bad when it was so twice in a row: noise alone doesn't end a ramp.
    `precision` is the relative distance at which bisecting ends. A knee of 0: nothing was good.
    """
    search = _Search(measure, precision)
    found: list[float] = []
    start, growth = start_per_s, GROWTH
    for _ in range(rounds):
        found.append(search.round(start, growth))
        if found[-1]:
            start, growth = found[-1], NEAR_GROWTH
    return Knee(workers, found, search.steps, search.is_lower_bound)


class _Search:
    def __init__(self, measure: Callable[[float], Step], precision: float) -> None:
        self.steps: list[Step] = []
        self.is_lower_bound = False
        self._measure = measure
        self._precision = precision

    def round(self, start: float, growth: float) -> float:
        """The highest good rate, to within the precision."""
        low, high = self._bracket(start, growth)
        while low and high and high / low > 1 + self._precision:
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self._is_good(middle) else (low, middle)
        return low

    def _bracket(self, start: float, growth: float) -> tuple[float, float]:
        """A good and a bad rate; 0 for the one that was not found."""
        rate = start
        if self._is_good(rate):
            while rate * growth <= HIGHEST_PER_S:
                if not self._is_good(rate * growth):
                    return rate, rate * growth
                rate *= growth
            return rate, 0.0
        while rate / growth >= LOWEST_PER_S:
            rate /= growth
            if self._is_good(rate):
                return rate, rate * growth
        return 0.0, rate

    def _is_good(self, per_s: float) -> bool:
        first = self._step(per_s)
        if not first.broken_by:
            return True
        second = self._step(per_s)
        self.is_lower_bound |= second.broken_by == GENERATOR
        return not second.broken_by

    def _step(self, per_s: float) -> Step:
        step = self._measure(per_s)
        self.steps.append(step)
        return step
