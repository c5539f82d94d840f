"""When requests are due: exact counts, the right shape, no matter how many processes share them."""

from __future__ import annotations

import random
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.measure.rate import Rate, count_of, due_times

rates = st.one_of(
    st.builds(Rate, per_s=st.floats(0.1, 500), duration_s=st.floats(0.1, 10)),
    st.builds(
        Rate,
        shape=st.sampled_from(["ramp", "spike"]),
        per_s=st.floats(0.1, 500),
        peak_per_s=st.floats(0.1, 500),
        peak_at_ratio=st.floats(0, 0.5),
        peak_ratio=st.floats(0, 0.5),
        duration_s=st.floats(0.1, 10),
    ),
    st.builds(
        Rate,
        shape=st.just("day"),
        per_s=st.floats(50, 100),
        peak_per_s=st.floats(100, 100),
        duration_s=st.floats(0.1, 10),
    ),
)


def all_times(rate: Rate, parts: int = 1, seed: int | None = None) -> list[float]:
    points = rate.points()
    rng = random.Random(seed) if seed is not None else None
    shares = [due_times(points, count_of(points), part, parts, rng) for part in range(parts)]
    return sorted(due for share in shares for due in share)


@given(rates, st.integers(1, 5), st.sampled_from([None, 1]))
def test_every_part_of_the_plan(rate: Rate, parts: int, seed: int | None) -> None:
    """All parts together hold the planned count, each in order, none outside of the run."""
    points = rate.points()
    total = 0
    for part in range(parts):
        rng = random.Random(seed) if seed is not None else None
        times = list(due_times(points, count_of(points), part, parts, rng))
        assert times == sorted(times)
        assert all(0 <= due <= rate.duration_s + 1e-9 for due in times)
        total += len(times)
    assert total == count_of(points)


def test_steady() -> None:
    times = all_times(Rate(per_s=100, duration_s=2), parts=3)
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == pytest.approx([0.01] * 199)


def test_ramp() -> None:
    """From 100 to 300 a second: 150 requests in the first second, 250 in the second."""
    times = all_times(Rate(shape="ramp", per_s=100, peak_per_s=300, duration_s=2))
    assert len(times) == 400
    assert sum(due < 1 for due in times) == pytest.approx(150, abs=1)


def test_spike() -> None:
    rate = Rate("spike", per_s=10, peak_per_s=100, duration_s=10, peak_at_ratio=0.4, peak_ratio=0.2)
    times = all_times(rate)
    assert len(times) == 280
    assert sum(4 <= due < 6 for due in times) == pytest.approx(200, abs=1)
    assert rate.highest_per_s == 100


def test_day() -> None:
    """The mean is kept; the middle is busy, the ends are quiet."""
    times = all_times(Rate("day", per_s=100, peak_per_s=180, duration_s=10))
    assert len(times) == 1000
    by_second = [sum(n <= due < n + 1 for due in times) for n in range(10)]
    assert by_second[0] == by_second[9] == pytest.approx(23, abs=3)
    assert by_second[5] == pytest.approx(177, abs=3)


def test_poisson_is_as_uneven_as_independent_users() -> None:
    """Gaps of a Poisson process have a deviation equal to their mean; counts vary likewise."""
    times = all_times(Rate(per_s=1000, duration_s=10), seed=3)
    gaps = [b - a for a, b in pairwise(times)]
    assert statistics.mean(gaps) == pytest.approx(0.001, rel=0.02)
    assert statistics.pstdev(gaps) == pytest.approx(0.001, rel=0.05)
    counts = [sum(n <= due * 10 < n + 1 for due in times) for n in range(100)]
    assert statistics.pvariance(counts) == pytest.approx(100, rel=0.5)


def test_contradictions() -> None:
    assert Rate().contradictions() == []
    assert Rate("ramp").contradictions() == ["a ramp needs rate.peak_per_s"]
    assert len(Rate("day", per_s=10, peak_per_s=30).contradictions()) == 1
    assert len(Rate("spike", peak_per_s=9, peak_at_ratio=0.9).contradictions()) == 1
