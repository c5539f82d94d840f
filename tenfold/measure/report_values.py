"""What a report holds: plain values, written as JSON beside the page."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfold.measure.advise_values import Advice
from tenfold.measure.knee import Goal
from tenfold.measure.loop_history import Growth
from tenfold.measure.profile_run import ProfiledRun
from tenfold.measure.results import Machine


@dataclass(frozen=True, slots=True)
class Report:
    """One server under the workload's load, and when it is full; and how it has grown so far."""

    at: float
    """Unix time."""
    machine: Machine
    versions: dict[str, str]
    goal: Goal
    calm: ProfiledRun
    calm_advice: Advice
    full: ProfiledRun
    full_advice: Advice
    growth: list[Growth] = field(default_factory=list[Growth])
