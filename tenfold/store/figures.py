"""What a store counts while it works; read by the composition root for `/api/metrics`."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfold.telemetry.figures import SIZE_BOUNDS, Digests, Distribution, Tally


@dataclass(slots=True)
class WriterFigures:
    """The group commit of one process. All seconds are wall time."""

    groups: Distribution = field(default_factory=lambda: Distribution(SIZE_BOUNDS))
    """Writes in one transaction."""
    turns: Tally = field(default_factory=Tally)
    """Waits for another process's turn to end, and for BEGIN."""
    works: Tally = field(default_factory=Tally)
    """The statements of a group, and whatever runs between them (rules, hooks)."""
    commits: Distribution = field(default_factory=Distribution)
    """COMMIT with its fsync."""


@dataclass(slots=True)
class StoreFigures:
    """All of one process."""

    digests: Digests = field(default_factory=Digests)
    slow_reads: Tally = field(default_factory=Tally)
    """Reads that were moved to a thread, since they held the event loop too long."""
    given_up: Tally = field(default_factory=Tally)
    """What these had held the event loop for until then."""
    writer: WriterFigures = field(default_factory=WriterFigures)
