"""What the fleet does next: values in, steps out."""

from __future__ import annotations

from dataclasses import replace

from tenfold.cluster.decide import (
    LONGEST_PAUSE_S,
    SETTLED_S,
    Past,
    Seen,
    Start,
    Stop,
    decide,
    remember,
    started,
)
from tenfold.engines import Limits

LIMITS = Limits(start_s=60, sick_s=20, stop_s=5)
DATABASE = Seen("db", needs=(), limits=LIMITS, is_running=True)
APP = Seen("app", needs=("db",), limits=LIMITS, is_running=True)


def down(part: Seen) -> Seen:
    return replace(part, is_running=False, is_current=False)


def test_a_part_starts_once_what_it_needs_is_well() -> None:
    both_down = [down(DATABASE), down(APP)]
    assert decide(both_down, {}, 0) == [Start("db")]
    unwell = replace(DATABASE, problem="starts")
    assert decide([unwell, down(APP)], {}, 0) == []
    assert decide([DATABASE, down(APP)], {}, 0) == [Start("app")]


def test_all_well_is_left_alone() -> None:
    assert decide([DATABASE, APP], {}, 1e9) == []


def test_what_dies_again_and_again_waits_longer_each_time() -> None:
    past, now, pauses = Past(), 0.0, list[float]()
    for _ in range(12):
        past = started(past, now)
        past = remember(past, down(DATABASE), now)
        pauses.append(past.pause_s)
        now += past.pause_s
        assert decide([down(DATABASE)], {"db": past}, now - 0.01) == []
        assert decide([down(DATABASE)], {"db": past}, now) == [Start("db")]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert past.failures == 12


def test_a_part_that_was_well_for_long_begins_anew_with_short_pauses() -> None:
    past = Past(failures=9, was_running=True)
    past = remember(past, DATABASE, 0)
    assert remember(past, DATABASE, SETTLED_S - 1).failures == 9
    assert remember(past, DATABASE, SETTLED_S).failures == 0


def test_a_hung_part_is_restarted_after_its_limit() -> None:
    hung = replace(DATABASE, problem="no login")
    past = remember(remember(Past(), DATABASE, 0), DATABASE, 100)
    assert decide([hung], {"db": past}, 119) == []
    (step,) = decide([hung], {"db": past}, 120)
    assert isinstance(step, Stop)
    assert step.is_hung


def test_a_slow_start_has_a_limit_of_its_own() -> None:
    starting = replace(DATABASE, problem="starts")
    past = started(Past(), 0)
    assert decide([starting], {"db": past}, 59) == []
    (step,) = decide([starting], {"db": past}, 60)
    assert isinstance(step, Stop)


def test_changed_parts_are_restarted_one_at_a_time() -> None:
    stale = [replace(DATABASE, is_current=False), replace(APP, is_current=False)]
    (step,) = decide(stale, {}, 0)
    assert isinstance(step, Stop)
    assert (step.part, step.is_hung) == ("db", False)
    unwell = replace(DATABASE, problem="starts")
    assert decide([unwell, stale[1]], {}, 0) == []
    assert decide([DATABASE, stale[1]], {}, 0) == [Stop("app", "its configuration has changed")]
