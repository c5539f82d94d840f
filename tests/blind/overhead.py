"""What profiling costs: the same full server with and without it, in turn."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from tenfold.measure import (
    Effort,
    PrivateTenfold,
    Processes,
    changed,
    load_workload,
    prepared,
    run,
)
from tenfold.measure.loop_push import Bed, at, push
from tenfold.measure.profile_run import profiled_run

PAIRS = 5
SECONDS = 4.0


@dataclass(frozen=True)
class Overhead:
    """The share of the throughput that profiling took, the median over pairs of runs."""

    ratio: float
    shown: str


def overhead(generator: Processes, pairs: int = PAIRS) -> Overhead:
    """Measure it on the mission's workload."""
    workload = changed(load_workload("default"), {"records": 1_000}, "overhead")
    effort = Effort(timeout_s=2.0)
    with PrivateTenfold(1) as private, prepared(private.target, workload, _silent) as site:
        bed = Bed(generator, private.target, site, effort)
        rate = push(bed, workload, 4_000.0, 2.0, stacks=False).per_s * 1.1
        full = at(workload, rate, SECONDS)
        lost: list[float] = []
        for number in range(pairs):
            plain = run(generator, site, full, effort, round_=number + 1).good_per_s
            seen = profiled_run(generator, bed.target, site, full, effort, round_=number + 1)
            lost.append(1 - seen.run.good_per_s / plain)
    shown = f"median of {pairs} pairs, from {min(lost):.1%} to {max(lost):.1%}"
    return Overhead(statistics.median(lost), shown)


def _silent(done: int, total: int) -> None: ...
