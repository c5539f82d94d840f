"""Distributions of latencies: counted cheaply, merged exactly, kept as HdrHistograms.

A latency is rounded to HdrHistogram's own steps (2,048 to an octave and finer, so within 0.1%)
as it is counted. So the counts of many processes are added up and then written into one
histogram without a further loss. docs: https://hdrhistogram.github.io/HdrHistogram/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from hdrh.histogram import HdrHistogram

MAX_US = 3_600_000_000
SIGNIFICANT_FIGURES = 3
_EXACT_BITS = 11
"""Values below 2**11 are kept as they are; HdrHistogram's step for three figures."""

PERCENTILES = (50.0, 90.0, 99.0, 99.9)

Counts = dict[int, int]
"""How often each latency came, by microseconds rounded down to a step."""


def step_of(latency_us: int) -> int:
    """The step that a latency is counted at."""
    if latency_us < 1:
        return 1
    if latency_us > MAX_US:
        return MAX_US
    bits = latency_us.bit_length() - _EXACT_BITS
    return latency_us >> bits << bits if bits > 0 else latency_us


def merged(parts: Iterable[Mapping[int, int]]) -> Counts:
    """All counts added up."""
    total: Counts = {}
    for part in parts:
        for step, count in part.items():
            total[step] = total.get(step, 0) + count
    return total


@dataclass(frozen=True, slots=True)
class Latencies:
    """A distribution in milliseconds, and the whole of it as an encoded HdrHistogram (in µs)."""

    count: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    histogram: str

    def percentile_ms(self, percentile: float) -> float:
        """Any other percentile (0..100), from the histogram."""
        return percentile_ms(decode(self.histogram), percentile)


def summary(counts: Mapping[int, int]) -> Latencies:
    """The figures of a distribution."""
    histogram = histogram_of(counts)
    found = cast(dict[float, int], histogram.get_percentile_to_value_dict(list(PERCENTILES)))
    p50, p90, p99, p999 = (found.get(percentile, 0) / 1_000 for percentile in PERCENTILES)
    total = sum(counts.values())
    mean = sum(step * count for step, count in counts.items()) / total if total else 0.0
    return Latencies(
        count=total,
        mean_ms=mean / 1_000,
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        p999_ms=p999,
        max_ms=cast(int, histogram.get_max_value()) / 1_000,
        histogram=cast(bytes, histogram.encode()).decode(),
    )


def percentile_ms(counts: Mapping[int, int], percentile: float) -> float:
    """One percentile straight from the counts; 0 where there are none."""
    total = sum(counts.values())
    wanted = max(1, int(total * percentile / 100 + 0.5))
    seen = 0
    for step in sorted(counts):
        seen += counts[step]
        if seen >= wanted:
            return step / 1_000
    return 0.0


def histogram_of(counts: Mapping[int, int]) -> Any:
    """The counts as an HdrHistogram (which has no types)."""
    histogram = cast(Any, HdrHistogram(1, MAX_US, SIGNIFICANT_FIGURES))
    for step, count in counts.items():
        histogram.record_value(step, count)
    return histogram


def decode(histogram: str) -> Counts:
    """The counts in an encoded HdrHistogram."""
    decoded = cast(Any, HdrHistogram).decode(histogram.encode())
    counts: Counts = {}
    for item in decoded.get_recorded_iterator():
        low = decoded.get_lowest_equivalent_value(item.value_iterated_to)
        counts[max(1, int(low))] = int(item.count_at_value_iterated_to)
    return counts
