"""What advice is made of: plain values, written as JSON and read back."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gain:
    """How much more the same machine, or the next one, would take: a ratio of rates.

    `low` and `high` is where the measured gain will lie in most cases. 1 is no gain.
    """

    ratio: float
    low: float
    high: float
    confidence: str
    """high, medium or low."""
    formula: str
    """How the ratio came about, with the measured figures in it."""


NO_GAIN = Gain(1.0, 1.0, 1.0, "high", "nothing is short")


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next. `change` says so to programs; `tenfold loop` takes steps that are `here`."""

    kind: str
    text: str
    change: dict[str, str] = field(default_factory=dict[str, str])
    is_here: bool = False
    """Whether it can be taken on this machine, by a program."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause of too little throughput, or of too long waits, and what would mend it.

    `share` is how much of the time of the part that is short goes to it, 0..1; `cost` orders
    steps: 0 a setting or an index, 1 a worker, 2 code, 3 hardware, 4 the next stage.
    """

    name: str
    title: str
    evidence: list[str]
    step: Step
    gain: Gain
    share: float
    cost: int


@dataclass(frozen=True, slots=True)
class Part:
    """How busy one part is, 0..1, and what waits for it."""

    name: str
    busy_ratio: float
    detail: str


@dataclass(frozen=True, slots=True)
class Advice:
    """The one bottleneck, and the other things that were found, by how much they explain.

    `is_needed` is False when the load is carried with room to spare.
    """

    is_needed: bool
    bottleneck: Finding
    others: list[Finding]
    parts: list[Part]
    """The busiest first."""
    headroom_ratio: float
    """How many times the measured rate the busiest part could carry."""
    notes: list[str]
