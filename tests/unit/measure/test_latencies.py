"""Counting, merging and HdrHistogram agree."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.measure.latencies import (
    MAX_US,
    Counts,
    decode,
    merged,
    percentile_ms,
    step_of,
    summary,
)

latencies_us = st.integers(1, MAX_US)


def counted(values: list[int]) -> Counts:
    return merged({step_of(value): 1} for value in values)


@given(latencies_us)
def test_a_step_is_within_a_thousandth(value: int) -> None:
    assert value * 0.999 <= step_of(value) <= value


def test_steps_stay_in_range() -> None:
    assert step_of(0) == 1
    assert step_of(MAX_US * 2) == MAX_US


@settings(deadline=None, max_examples=15)
@given(st.lists(latencies_us, min_size=1, max_size=60))
def test_percentiles(values: list[int]) -> None:
    counts = counted(values)
    for percentile in (50.0, 90.0, 99.0, 100.0):
        rank = max(1, int(len(values) * percentile / 100 + 0.5))
        exact_ms = sorted(values)[rank - 1] / 1_000
        assert percentile_ms(counts, percentile) == pytest.approx(exact_ms, rel=0.001)
        found = summary(counts).percentile_ms(percentile)
        assert found == pytest.approx(exact_ms, rel=0.002)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(latencies_us, max_size=20), max_size=4))
def test_merging_loses_nothing(parts: list[list[int]]) -> None:
    whole = [value for part in parts for value in part]
    together = merged(counted(part) for part in parts)
    assert together == counted(whole)
    assert summary(together) == summary(counted(whole))


@settings(deadline=None, max_examples=15)
@given(st.lists(latencies_us, max_size=40))
def test_a_histogram_is_written_and_read_back(values: list[int]) -> None:
    counts = counted(values)
    found = decode(summary(counts).histogram)
    assert sum(found.values()) == len(values)
    for step, count in zip(sorted(counts.items()), sorted(found.items()), strict=True):
        assert step == pytest.approx(count, rel=0.001)


def test_figures() -> None:
    latencies = summary({1_000: 98, 50_000: 1, 2_000_000: 1})
    assert latencies.count == 100
    assert math.isclose(latencies.p50_ms, 1.0, rel_tol=0.001)
    assert latencies.p99_ms == pytest.approx(50, rel=0.001)
    assert latencies.max_ms == pytest.approx(2_000, rel=0.001)
    assert latencies.mean_ms == pytest.approx(21.48)


def test_nothing_counted() -> None:
    assert summary({}).p99_ms == percentile_ms({}, 99) == 0
