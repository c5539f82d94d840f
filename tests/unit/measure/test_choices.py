"""Zipf's law holds, and popular records don't lie side by side."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.measure.load.choices import Zipf


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.0, 1.5])
def test_frequencies(exponent: float) -> None:
    count, draws = 1_000, 200_000
    zipf = Zipf(count, exponent, random.Random(1))
    drawn = Counter(zipf.draw_rank() for _ in range(draws))
    total = sum(rank**-exponent for rank in range(1, count + 1))
    for rank in (1, 2, 3, 10, 30):
        wanted = draws * rank**-exponent / total
        assert drawn[rank - 1] == pytest.approx(wanted, abs=5 * wanted**0.5)
    tail = sum(drawn[rank] for rank in range(500, count))
    wanted = draws * sum(rank**-exponent for rank in range(501, count + 1)) / total
    assert tail == pytest.approx(wanted, rel=0.05)


@given(st.integers(1, 3_000), st.floats(0, 5))
def test_in_range(count: int, exponent: float) -> None:
    zipf = Zipf(count, exponent, random.Random(2))
    assert all(0 <= zipf.draw() < count for _ in range(20))


def test_popular_records_lie_apart() -> None:
    zipf = Zipf(10_000, 1.0, random.Random(3))
    popular = [number for number, _ in Counter(zipf.draw() for _ in range(50_000)).most_common(20)]
    assert min(b - a for a, b in pairwise(sorted(popular))) > 1


def test_every_record_can_come() -> None:
    zipf = Zipf(50, 0.0, random.Random(4))
    assert {zipf.draw() for _ in range(2_000)} == set(range(50))
