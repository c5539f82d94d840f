"""The scalability law: planted parameters are found again."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.measure.usl import Usl, fit

WORKERS = (1, 2, 4, 8, 16)


def planted(one: float, contention: float, coherency: float) -> Usl:
    return Usl(one, contention, coherency, 0, 0.0)


@given(st.floats(1, 1e5), st.floats(0, 1), st.floats(0, 0.1))
def test_parameters_are_recovered(one: float, contention: float, coherency: float) -> None:
    law = planted(one, contention, coherency)
    found = fit([(n, law.rate(n)) for n in WORKERS])
    assert found
    assert found.rate_of_one == pytest.approx(one, rel=1e-3)
    assert found.contention == pytest.approx(contention, abs=1e-3)
    assert found.coherency == pytest.approx(coherency, abs=1e-4)
    assert found.error_ratio < 1e-3


def test_noise_of_three_percent() -> None:
    rng = random.Random(1)
    law = planted(1_000, 0.05, 0.002)
    points = [(n, law.rate(n) * rng.gauss(1, 0.03)) for n in (*WORKERS, *WORKERS, *WORKERS)]
    found = fit(points)
    assert found
    assert found.rate_of_one == pytest.approx(1_000, rel=0.05)
    assert found.contention == pytest.approx(0.05, abs=0.03)
    assert found.coherency == pytest.approx(0.002, abs=0.0015)
    assert found.error_ratio == pytest.approx(0.03, abs=0.015)


@given(st.lists(st.tuples(st.integers(1, 64), st.floats(0.1, 1e6)), max_size=8))
def test_never_impossible(points: list[tuple[float, float]]) -> None:
    found = fit(points)
    assert (found is None) == (not points)
    if found:
        assert found.rate_of_one > 0
        assert 0 <= found.contention <= 1
        assert found.coherency >= 0


def test_few_points() -> None:
    one = fit([(2, 500.0)])
    assert one and one.rate_of_one == pytest.approx(250) and not one.contention
    two = fit([(1, 100.0), (2, 160.0)])
    assert two and two.contention == pytest.approx(0.25) and not two.coherency
    worse = fit([(1, 100.0), (2, 80.0)])
    assert worse and worse.coherency and worse.rate(2) == pytest.approx(80)
    assert fit([]) is None
    assert fit([(0, 5.0), (1, 0.0)]) is None


def test_where_more_workers_stop_helping() -> None:
    assert planted(1, 0.1, 0.001).best_workers == pytest.approx(30)
    assert math.isinf(planted(1, 0.1, 0).best_workers)
