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

REACHED = 0.95
"""The share of a core that a full worker really gets to use."""

SPREADS = {"high": 0.15, "medium": 0.25, "low": 0.5}


def carried_without(figures: Figures, saved_s: float = 0.0, beside_s: float = 0.0) -> float:
    """Answers a second when some processor time is spared, with as many workers.

    `saved_s` is spared on the threads that answer, over the whole run; `beside_s` on others.
    """
    served = max(figures.run.good_per_s * figures.took_s, MIN_S)
    serving_s = max(figures.serving_cores * figures.took_s - saved_s, MIN_S) / served
    all_s = max(figures.machine.server_cores * figures.took_s - saved_s - beside_s, MIN_S) / served
    generator_s = figures.machine.generator_cores * figures.took_s / served
    # Other programs give way to one that wants more, down to its fair share.
    cores = figures.machine.cores
    room = max(cores - figures.machine.others_cores, cores / 2)
    return min(REACHED * figures.workers / serving_s, room / (all_s + generator_s))


def gain_without(
    figures: Figures, saved_s: float, confidence: str, what: str, beside_s: float = 0.0
) -> Gain:
    """The gain of sparing some processor time."""
    after = carried_without(figures, saved_s, beside_s)
    served = max(figures.run.good_per_s, MIN_S)
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
    bound = carried_without(figures) / max(figures.run.good_per_s, MIN_S)
    formula = f"min(1/(1-{share:.2f}) = {own:.2f} without {what}, processors: {bound:.2f})"
    return gain(min(own, bound), confidence, formula)


def gain(ratio: float, confidence: str, formula: str) -> Gain:
    """A gain with the spread that its confidence has."""
    ratio, spread = max(1.0, ratio), SPREADS[confidence]
    low, high = max(1.0, ratio * (1 - spread)), ratio * (1 + spread)
    return Gain(ratio, low, high, confidence, formula)
