"""The loop: push, profile, advise, take the step, push again, as long as it pays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tenfold.measure.advise import USUAL_GOAL, advise
from tenfold.measure.advise_values import Advice, Step
from tenfold.measure.knee import Goal
from tenfold.measure.loop_history import Growth
from tenfold.measure.loop_push import Bed, Full, push
from tenfold.measure.loop_steps import can_take, take
from tenfold.measure.private import PrivateTenfold
from tenfold.measure.results import Machine, this_machine
from tenfold.measure.workload import Workload

PAYS_RATIO = 1.1
"""A step that is predicted, or measured, to bring less is the last one."""

MAX_STEPS = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """One time around: the server when it was full, and what was said of it."""

    full: Full
    advice: Advice
    settings: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class LoopReport:
    """All of one loop. `ended` says in words why it ended."""

    machine: Machine
    turns: list[Turn]
    growth: list[Growth]
    ended: str


Agree = Callable[[Turn], bool]
"""Asked before each step, with what was found; says whether to take it."""


class Growing:
    """A server that can be made full, and changed."""

    def __init__(
        self, bed: Bed, private: PrivateTenfold | None, workload: Workload, seconds: float
    ) -> None:
        self.target = bed.target.name
        self.workload = workload.title
        self._bed = bed
        self._private = private
        self._workload = workload
        self._seconds = seconds

    @property
    def settings(self) -> dict[str, str]:
        """What has been set so far."""
        private = self._private
        return {**private.settings, "workers": str(private.workers)} if private else {}

    def fill(self, start_per_s: float) -> Full:
        """Make it full."""
        return push(self._bed, self._workload, start_per_s, self._seconds)

    def can_take(self, step: Step) -> bool:
        """Whether a step can be taken from here."""
        return can_take(step, self._private)

    def take(self, step: Step) -> None:
        """Take a step. Raises: OperatorError."""
        take(step, self._bed.target, self._private)


def loop(
    growing: Growing,
    start_per_s: float,
    *,
    agree: Agree,
    told: Callable[[Growth], None],
    tell: Callable[[str], None],
    goal: Goal = USUAL_GOAL,
) -> LoopReport:
    """Go around until nothing more can be done from here, or it no longer pays.

    `told` hears of each step once it is measured, `tell` of what is being done.
    Raises: OperatorError.
    """
    growth: list[Growth] = []
    tell("until it is full")
    turns = [_turn(growing, start_per_s, goal)]
    while True:
        turn = turns[-1]
        ended = _reason_to_end(growing, turn, growth, agree)
        if ended:
            return LoopReport(this_machine(), turns, growth, ended)
        step = turn.advice.bottleneck.step
        tell(f"taking the step: {step.kind}")
        growing.take(step)
        tell("until it is full, again")
        turns.append(_turn(growing, turn.full.per_s, goal))
        growth.append(_growth(growing, turn, turns[-1]))
        told(growth[-1])


def _turn(growing: Growing, start_per_s: float, goal: Goal) -> Turn:
    full = growing.fill(start_per_s)
    return Turn(full, advise(full.found, goal), growing.settings)


def _reason_to_end(growing: Growing, turn: Turn, growth: list[Growth], agree: Agree) -> str:
    """Why no step is taken now; empty when one is."""
    found = turn.advice.bottleneck
    if growth and growth[-1].measured_ratio < PAYS_RATIO:
        return f"the last step brought x{growth[-1].measured_ratio:.2f} only"
    if len(growth) >= MAX_STEPS:
        return f"{MAX_STEPS} steps were taken"
    if not turn.advice.is_needed:
        return "nothing is needed"
    if not growing.can_take(found.step):
        return f"the next step can't be taken from here: {found.step.text}"
    if found.gain.ratio < PAYS_RATIO:
        return f"the next step would bring x{found.gain.ratio:.2f} only: {found.step.text}"
    return "" if agree(turn) else "the step was declined"


def _growth(growing: Growing, before: Turn, after: Turn) -> Growth:
    found = before.advice.bottleneck
    return Growth(
        at=time.time(),
        target=growing.target,
        workload=growing.workload,
        bottleneck=found.name,
        step=found.step,
        predicted=found.gain,
        before_per_s=before.full.per_s,
        after_per_s=after.full.per_s,
        machine=this_machine(),
    )
