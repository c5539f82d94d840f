"""The search for the knee, on servers made of a formula."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.measure.knee import GENERATOR, Step, find_knee


def server(capacity: float, why: str = "p99 over 50 ms") -> Callable[[float], Step]:
    def measure(per_s: float) -> Step:
        return Step(per_s, min(per_s, capacity), 1.0, 9.0, 0.0, why if per_s > capacity else "")

    return measure


@settings(deadline=None)
@given(st.floats(2, 400_000), st.floats(1, 500_000))
def test_the_knee_is_found(capacity: float, start: float) -> None:
    knee = find_knee(server(capacity), start, precision=0.05)
    assert len(knee.rounds) == 3
    assert all(capacity / 1.0501 <= found <= capacity for found in knee.rounds)
    assert len(knee.steps) < 160


def test_few_steps() -> None:
    """Doublings, halvings of the gap, and each bad rate twice."""
    knee = find_knee(server(7_777), 500, rounds=1, precision=0.05)
    assert len(knee.steps) <= 17
    assert max(step.per_s for step in knee.steps) == 8_000


def test_one_bad_run_does_not_end_a_ramp() -> None:
    rng = random.Random(5)
    steady = server(10_000)

    def noisy(per_s: float) -> Step:
        step = steady(per_s)
        is_noise = rng.random() < 0.1 and not step.broken_by
        return Step(per_s, per_s, 1, 9, 0, "noise") if is_noise else step

    knee = find_knee(noisy, 500, rounds=5)
    assert knee.per_s == pytest.approx(10_000, rel=0.06)
    low, high = knee.spread
    assert low <= knee.per_s <= high


def test_the_generator_as_the_limit() -> None:
    knee = find_knee(server(5_000, GENERATOR), 500, rounds=1)
    assert knee.is_lower_bound
    assert not find_knee(server(5_000), 500, rounds=1).is_lower_bound


def test_nothing_is_good() -> None:
    knee = find_knee(server(0), 64, rounds=2)
    assert knee.per_s == 0


def test_no_end_in_sight() -> None:
    assert find_knee(server(1e12), 1_000, rounds=1).per_s > 500_000
