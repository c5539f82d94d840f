"""How much a step brings: what the server would carry without what the step takes away. Pure.

The rate of a full system is bounded by its busiest part, and by the next once that is relieved
(asymptotic bounds: Denning and Buzen, "The Operational Analysis of Queueing Network Models",
1978). Processor time of an answer is measured, so the bounds are the cores that the workers can
use, and the cores of the machine, divided by it.
"""

from __future__ import annotations

from collections.abc import Callable

from tenfold.measure.advise_figures import MIN_S, Figures
from tenfold.measure.advise_values import Finding, Gain

Rule = Callable[[Figures], Finding | None]

FULL = 0.85
"""A part that is busier than this is short."""

MATTERS = 0.25
"""A cause that explains less of a part's time is not worth naming."""

LOOP_REACHED = 0.95
WORKER_REACHED = 1.2
"""Cores that the event loop of a full worker gets to use, and all of its threads that answer: a
part of the I/O runs beside the interpreter."""

GENERATOR_REACHED = 0.95
"""The share of its core that a process of the load generator can use."""

LOOP_START_S, LOOP_STARTS_FULL = 55e-6, 0.2
OTHER_START_S, OTHER_STARTS_FULL = 18e-6, 1.0
"""What it costs to wake the event loop, or another thread, and how often a full worker does so for
each answer: it then finds several requests at a time (measured from 300 to 37,000 answers/s)."""

GENERATOR_START_S, GENERATOR_STARTS_FULL = 35e-6, 0.1
GENERATOR_LEAST_S = 22e-6
"""The same of the load generator, and what a checked answer of a kilobyte costs it at least."""

LEAST_SHARE = 0.3
"""No answer becomes cheaper than this by fewer starts."""

SPREADS = {"high": 0.15, "medium": 0.25, "low": 0.5}


def carried_without(figures: Figures, saved_s: float = 0.0, beside_s: float = 0.0) -> float:
    """Answers a second when some processor time is spared, with as many workers.

    `saved_s` is spared on the threads that answer, over the whole run; `beside_s` on others.
    """
    served = figures.served_per_s
    loop_s = max(figures.main_cores - saved_s / figures.took_s, MIN_S) / served
    other_s = max(figures.serving_cores - figures.main_cores, MIN_S) / served
    full_loop_s = _when_full(
        loop_s, figures.main_starts_per_s / served, LOOP_START_S, LOOP_STARTS_FULL
    )
    full_other_s = _when_full(
        other_s, figures.other_starts_per_s / served, OTHER_START_S, OTHER_STARTS_FULL
    )
    spared = (saved_s + beside_s) / figures.took_s
    beside = max(figures.machine.server_cores - figures.serving_cores - spared, 0.0) / served
    return min(
        LOOP_REACHED * figures.workers / full_loop_s,
        WORKER_REACHED * figures.workers / (full_loop_s + full_other_s),
        _by_cores(figures, full_loop_s + full_other_s + beside),
        _by_generator(figures),
    )


def _when_full(each_s: float, starts: float, start_s: float, starts_full: float) -> float:
    """What an answer costs some threads once they find several requests each time they start."""
    return max(each_s - max(0.0, starts - starts_full) * start_s, LEAST_SHARE * each_s, MIN_S)


def _by_cores(figures: Figures, server_s: float) -> float:
    """Answers a second that the machine has cores for, the load generator's share included."""
    machine = figures.machine
    # Other programs give way to one that wants more, down to its fair share.
    room = max(machine.cores - machine.others_cores, machine.cores / 2)
    return room / (server_s + _generator_s(figures))


def _by_generator(figures: Figures) -> float:
    """Answers a second that this load generator can ask for."""
    return GENERATOR_REACHED * figures.run.generator.processes / _generator_s(figures)


def _generator_s(figures: Figures) -> float:
    """What an answer costs the load generator when it has much to do."""
    served = figures.served_per_s
    each_s = figures.machine.generator_cores / served
    starts = figures.machine.generator_starts_per_s / served
    full_s = _when_full(each_s, starts, GENERATOR_START_S, GENERATOR_STARTS_FULL)
    return max(full_s, min(each_s, GENERATOR_LEAST_S), MIN_S)


def gain_without(
    figures: Figures, saved_s: float, confidence: str, what: str, beside_s: float = 0.0
) -> Gain:
    """The gain of sparing some processor time."""
    after = carried_without(figures, saved_s, beside_s)
    served = figures.served_per_s
    spent_us = figures.serving_cores / served * 1e6
    spared_us = saved_s / figures.took_s / served * 1e6
    formula = (
        f"an answer costs {spent_us:,.0f} µs of the workers, {spared_us:,.0f} µs of it {what}:"
        f" {after:,.0f}/s instead of {served:,.0f}/s"
    )
    return gain(after / served, confidence, formula)


def serial_gain(figures: Figures, share: float, confidence: str, what: str) -> Gain:
    """The gain of sparing a share of what is done one after another, until processors are full."""
    own = 1 / (1 - min(share, 0.99))
    bound = carried_without(figures) / figures.served_per_s
    formula = f"min(1/(1-{share:.2f}) = {own:.2f} without {what}, processors: {bound:.2f})"
    return gain(min(own, bound), confidence, formula)


def gain(ratio: float, confidence: str, formula: str) -> Gain:
    """A gain with the spread that its confidence has."""
    ratio, spread = max(1.0, ratio), SPREADS[confidence]
    low, high = max(1.0, ratio * (1 - spread)), ratio * (1 + spread)
    return Gain(ratio, low, high, confidence, formula)
