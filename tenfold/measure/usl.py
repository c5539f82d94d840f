"""The Universal Scalability Law: what more workers bring, and what holds them back.

    X(N) = λN / (1 + α(N-1) + βN(N-1))

λ is the rate of one worker, α the share of work that must queue (contention), β the cost of
agreeing with each other (coherency). Neil J. Gunther, "Guerrilla Capacity Planning", Springer
2007, chapter 4; https://www.perfdynamics.com/Manifesto/USLscalability.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Usl:
    """A fitted law. With two points β can't be told, with one α neither: they are then 0."""

    rate_of_one: float
    contention: float
    coherency: float
    points: int
    error_ratio: float
    """Root mean square of the relative errors at the points, 0 for a perfect fit."""

    def rate(self, workers: float) -> float:
        """X(N)."""
        slowed = self.contention * (workers - 1) + self.coherency * workers * (workers - 1)
        return self.rate_of_one * workers / (1 + slowed)

    @property
    def best_workers(self) -> float:
        """With more workers than this the rate falls; infinite without coherency cost."""
        if not self.coherency:
            return math.inf
        return max(1.0, math.sqrt(max(0.0, 1 - self.contention) / self.coherency))


def fit(points: Sequence[tuple[float, float]]) -> Usl | None:
    """The law that fits (workers, rate) points best, by relative error; None without points.

    N/X = a + b(N-1) + cN(N-1) is linear in a=1/λ, b=α/λ, c=β/λ, so small least squares do.
    None of the three may be negative, and contention is at most 1, all work queues: of all
    choices of terms that obey, the best is taken.
    """
    usable = [(n, x) for n, x in points if n > 0 and x > 0]
    known = len({n for n, _ in usable})
    fits = [
        law
        for size in range(min(known, 3))
        for others in combinations((1, 2), size)
        if (law := _fit_terms(usable, (0, *others)))
    ]
    return min(fits, key=lambda law: law.error_ratio, default=None) if usable else None


def _fit_terms(points: Sequence[tuple[float, float]], terms: tuple[int, ...]) -> Usl | None:
    """Least squares with some of the three terms; None when a coefficient is impossible."""
    # Weighing each row by X/N turns errors of N/X into relative errors.
    rows = [[_terms(n)[t] * x / n for t in terms] for n, x in points]
    size = range(len(terms))
    matrix = [[sum(row[i] * row[j] for row in rows) for j in size] for i in size]
    wanted = [sum(row[i] for row in rows) for i in size]
    solved = _solve(matrix, wanted)
    if solved is None or solved[0] <= 0:
        return None
    found = [0.0, 0.0, 0.0]
    for term, value in zip(terms, solved, strict=True):
        found[term] = value
    contention, coherency = found[1] / found[0], found[2] / found[0]
    if min(contention, coherency) < -ROUNDING or contention > 1 + ROUNDING:
        return None
    contention, coherency = min(max(contention, 0.0), 1.0), max(coherency, 0.0)
    law = Usl(1 / found[0], contention, coherency, len(points), 0.0)
    squares = [(law.rate(n) / x - 1) ** 2 for n, x in points]
    error_ratio = math.sqrt(sum(squares) / len(squares))
    return Usl(law.rate_of_one, law.contention, law.coherency, len(points), error_ratio)


def _terms(workers: float) -> tuple[float, float, float]:
    return 1.0, workers - 1, workers * (workers - 1)


def _solve(matrix: list[list[float]], wanted: list[float]) -> list[float] | None:
    """Gauss's elimination with pivots; None for a singular matrix."""
    rows = [[*row, value] for row, value in zip(matrix, wanted, strict=True)]
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda r: abs(rows[r][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column]
        if abs(head[column]) < 1e-300:
            return None
        for r in range(len(rows)):
            if r != column:
                factor = rows[r][column] / head[column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], head, strict=True)]
    return [row[-1] / row[n] for n, row in enumerate(rows)]
