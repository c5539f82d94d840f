"""What to do next, from what was seen and what happened before. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tenfold.engines import Limits

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
SETTLED_S = 60.0
"""A part that was well for so long begins anew with short pauses."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A part as it is now; `problem` is empty when it does its work.

    `is_current` tells whether it runs with the configuration of today.
    """

    name: str
    needs: tuple[str, ...]
    limits: Limits
    is_running: bool
    is_current: bool = True
    problem: str = ""

    @property
    def is_well(self) -> bool:
        return self.is_running and not self.problem


@dataclass(frozen=True, slots=True)
class Past:
    """What happened to a part so far; moments are monotonic seconds."""

    starts: int = 0
    failures: int = 0
    started_at: float | None = None
    died_at: float | None = None
    well_since: float | None = None
    well_at: float | None = None
    was_running: bool = False

    @property
    def pause_s(self) -> float:
        """How long to wait after a death before the next start."""
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self.failures - 1, 16))


@dataclass(frozen=True, slots=True)
class Start:
    """Start a part."""

    part: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop a part that runs; the next turn starts it again. A hung one is killed at once."""

    part: str
    why: str
    is_hung: bool = False


Step = Start | Stop


def remember(past: Past, seen: Seen, now: float) -> Past:
    """The history with this turn added."""
    if not seen.is_running:
        if not past.was_running:
            return past
        return replace(
            past, was_running=False, failures=past.failures + 1, died_at=now, well_since=None
        )
    past = replace(past, was_running=True, started_at=past.started_at or now)
    if not seen.is_well:
        return replace(past, well_since=None)
    since = past.well_since if past.well_since is not None else now
    is_settled = now - since >= SETTLED_S
    return replace(past, well_since=since, well_at=now, failures=0 if is_settled else past.failures)


def started(past: Past, now: float) -> Past:
    """The history after a start."""
    return replace(
        past,
        starts=past.starts + 1,
        started_at=now,
        was_running=True,
        well_since=None,
        well_at=None,
    )


def stopped(past: Past) -> Past:
    """The history after a stop of our own: no failure, no pause."""
    return replace(past, was_running=False, started_at=None, well_since=None, well_at=None)


def decide(parts: Iterable[Seen], pasts: Mapping[str, Past], now: float) -> list[Step]:
    """The steps of this turn.

    A part starts when all that it needs is well and its pause is over. One that is alive but
    does no work for too long is restarted, and so is, one at a time and only while all else is
    well, one whose configuration has changed.
    """
    seen = {part.name: part for part in parts}
    steps: list[Step] = []
    for part in seen.values():
        past = pasts.get(part.name, Past())
        if not part.is_running:
            if _may_start(part, past, seen, now):
                steps.append(Start(part.name))
        elif (why := _hung(part, past, now)) is not None:
            steps.append(Stop(part.name, why, is_hung=True))
    stale = [part for part in seen.values() if part.is_running and not part.is_current]
    others_are_well = all(part.is_well for part in seen.values() if part not in stale)
    if stale and not steps and others_are_well:
        steps.append(Stop(stale[0].name, "its configuration has changed"))
    return steps


def _may_start(part: Seen, past: Past, seen: Mapping[str, Seen], now: float) -> bool:
    is_rested = past.died_at is None or now >= past.died_at + past.pause_s
    return is_rested and all(seen[name].is_well for name in part.needs)


def _hung(part: Seen, past: Past, now: float) -> str | None:
    if part.is_well:
        return None
    if past.well_at is not None:
        silent_s, limit_s = now - past.well_at, part.limits.sick_s
    else:
        silent_s = now - past.started_at if past.started_at is not None else 0.0
        limit_s = part.limits.start_s
    return f"no work for {silent_s:.0f} s: {part.problem}" if silent_s >= limit_s else None
