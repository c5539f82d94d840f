"""Which record a request is about: Zipf's law, over all records."""

from __future__ import annotations

import random
from array import array
from bisect import bisect_left
from itertools import accumulate

SCATTER = 1_000_003
"""A prime above any number of records: multiplying by it spreads the popular ones evenly."""


class Zipf:
    """Draws from 0..count-1; the k-th most popular is drawn in proportion to 1/k**exponent.

    Popular numbers lie apart, as in life, not side by side on the same pages of a database.
    """

    def __init__(self, count: int, exponent: float, rng: random.Random) -> None:
        self._count = count
        self._random = rng.random
        weights = (rank**-exponent for rank in range(1, count + 1))
        self._upto = array("d", accumulate(weights)) if exponent else array("d")
        self._total = self._upto[-1] if exponent else 0.0

    def draw(self) -> int:
        """The next number."""
        return self.draw_rank() * SCATTER % self._count

    def draw_rank(self) -> int:
        """The next popularity, 0 the highest."""
        if not self._total:
            return int(self._random() * self._count)
        rank = bisect_left(self._upto, self._random() * self._total)
        return min(rank, self._count - 1)
