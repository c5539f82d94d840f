"""What one process of the generator counts while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfold.measure.latencies import MAX_US, Counts, step_of
from tenfold.measure.load.asks import KINDS

MAX_SLOTS = 240


@dataclass(slots=True)
class SlotTally:
    """A slice of the measured time, by when its requests were planned."""

    planned: int = 0
    good: int = 0
    counts: list[Counts] = field(default_factory=lambda: [{} for _ in KINDS])
    """Latencies by kind."""


@dataclass(slots=True)
class Tally:
    """Figures of one process; only the measured part counts, not the warm-up."""

    slot_s: float
    slots: list[SlotTally]
    scheduling: str
    """How the system let the process run: realtime, high or normal."""
    sent: int = 0
    errors: dict[str, int] = field(default_factory=dict[str, int])
    good_writes: int = 0
    received_bytes: int = 0
    late: Counts = field(default_factory=dict[int, int])
    """How much later than planned requests left although a connection was free."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    busiest_ratio: float = 0.0
    last_at: float = 0.0
    """Monotonic time at which the last measured answer, or failure, was known."""


@dataclass(frozen=True, slots=True)
class ListenTally:
    """What the subscribers of one process were sent in the measured time."""

    connected: int
    received: int
    counts: Counts
    cpu_s: float
    wall_s: float


def empty_tally(duration_s: float, scheduling: str) -> Tally:
    """Slots of a second, or more where that would be too many."""
    slot_s = max(1.0, duration_s / MAX_SLOTS)
    # The last slot may be a short one.
    count = max(1, -int(-duration_s // slot_s))
    slots = [SlotTally() for _ in range(count)]
    return Tally(slot_s=slot_s, slots=slots, scheduling=scheduling)


def count_in(counts: Counts, seconds: float) -> None:
    """Count one latency."""
    step = step_of(min(int(seconds * 1e6), MAX_US))
    counts[step] = counts.get(step, 0) + 1
