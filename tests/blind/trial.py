"""Plant one bottleneck, ask for advice, take the step, measure again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from tenfold.measure import Effort, PrivateTenfold, Processes, changed, load_workload, prepared
from tenfold.measure.advise import advise
from tenfold.measure.advise_values import Advice
from tenfold.measure.loop_push import Bed, Full, at, push
from tenfold.measure.loop_steps import take
from tenfold.measure.profile_run import ProfiledRun, profiled_run
from tests.blind.planted import Planted

SECONDS = 6.0
CLOSE = 0.25


@dataclass(frozen=True)
class Outcome:
    """What came of one trial; `measured` is 0 where the step can't be taken here."""

    planted: Planted
    advice: Advice
    before_per_s: float
    after_per_s: float
    found: ProfiledRun

    @property
    def is_right(self) -> bool:
        return self.advice.bottleneck.name in self.planted.expected

    @property
    def predicted(self) -> float:
        return self.advice.bottleneck.gain.ratio

    @property
    def measured(self) -> float:
        return self.after_per_s / self.before_per_s if self.before_per_s else 0.0

    @property
    def is_close(self) -> bool:
        """Whether the prediction is within a quarter of what was measured."""
        return not self.after_per_s or abs(self.predicted / self.measured - 1) <= CLOSE


def attempt(
    planted: Planted,
    generator: Processes,
    seconds: float = SECONDS,
    *,
    takes_steps: bool = True,
) -> Outcome:
    """One trial, on a fresh server; without its step, nothing is measured after it."""
    workload = changed(load_workload("default"), planted.workload, planted.name)
    with ExitStack() as stack:
        private = PrivateTenfold(planted.workers, planted.settings, planted.hooks)
        stack.enter_context(private)
        site = stack.enter_context(prepared(private.target, workload, lambda done, total: None))
        planted.prepare(private.target, site)
        effort = Effort(planted.connections, planted.timeout_s)
        bed = Bed(generator, private.target, site, effort)
        if not planted.is_pushed:
            calm = at(workload, workload.rate.per_s, seconds)
            found = profiled_run(generator, bed.target, site, calm, effort)
            return Outcome(planted, advise(found), found.run.good_per_s, 0.0, found)
        full = push(bed, workload, planted.start_per_s, seconds)
        advice = advise(full.found)
        after = 0.0
        if takes_steps:
            after = _after(planted, private, bed, advice, full, seconds, stack)
        return Outcome(planted, advice, full.per_s, after, full.found)


def _after(
    planted: Planted,
    private: PrivateTenfold,
    bed: Bed,
    advice: Advice,
    full: Full,
    seconds: float,
    stack: ExitStack,
) -> float:
    """What the server carries once the step is taken; 0 where it can't be taken here."""
    workload = full.found.run.workload
    if planted.mended_workload is not None:
        workload = changed(load_workload("default"), planted.mended_workload, planted.name)
        site = stack.enter_context(prepared(bed.target, workload, lambda done, total: None))
        bed = Bed(bed.processes, bed.target, site, bed.effort)
    elif planted.mends is not None:
        planted.mends(private)
    elif planted.takes_advice and advice.bottleneck.step.is_here:
        take(advice.bottleneck.step, bed.target, private)
    else:
        return 0.0
    start = full.per_s * max(1.0, advice.bottleneck.gain.ratio * 0.7)
    return push(bed, workload, start, seconds, stacks=False).per_s
