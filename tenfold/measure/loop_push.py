"""Push a server until it is full: how much it carries, and a profile of it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tenfold.measure.advise_figures import carried
from tenfold.measure.load import Processes, Site
from tenfold.measure.profile_run import ProfiledRun, profiled_run
from tenfold.measure.runs import Effort, run
from tenfold.measure.target import Target
from tenfold.measure.workload import Workload

GROWTH = 2.0
OVERLOAD = 2.0
"""How much more than it carries a full server is asked for."""

CARRIED = 0.9
"""A run that answers less than this share of what was planned is full."""

HIGHEST_PER_S = 200_000.0
TRY_S = 2.0
WARMUP_S = 0.5


@dataclass(frozen=True, slots=True)
class Bed:
    """What a measurement needs: a generator, a target, the data on it."""

    processes: Processes
    target: Target
    site: Site
    effort: Effort


@dataclass(frozen=True, slots=True)
class Full:
    """A server that is full: what it carried, and what was seen of it."""

    per_s: float
    is_lower_bound: bool
    """The generator, not the server, was the limit."""
    found: ProfiledRun


def push(
    bed: Bed, workload: Workload, start_per_s: float, seconds: float, *, stacks: bool = True
) -> Full:
    """Raise the rate until the server is full, then profile it a bit beyond that."""
    rate = _full_rate(bed, workload, start_per_s)
    found = profiled_run(
        bed.processes,
        bed.target,
        bed.site,
        at(workload, rate, seconds),
        bed.effort,
        stacks=stacks,
    )
    per_s = carried(found.run, found.profile.server)
    return Full(per_s, bool(found.run.generator.limit), found)


def at(workload: Workload, per_s: float, seconds: float) -> Workload:
    """The same mix at a steady rate, with a short warm-up."""
    steady = workload.at(per_s, seconds)
    return replace(steady, rate=replace(steady.rate, warmup_s=WARMUP_S))


def _full_rate(bed: Bed, workload: Workload, start_per_s: float) -> float:
    rate = start_per_s
    while True:
        result = run(bed.processes, bed.site, at(workload, rate, TRY_S), bed.effort)
        is_full = result.good_per_s < CARRIED * result.planned_per_s or result.generator.limit
        if is_full or rate * GROWTH > HIGHEST_PER_S:
            return max(result.good_per_s, 1.0) * OVERLOAD
        rate *= GROWTH
