"""A few of the planted bottlenecks, shortly; `make blind` tries them all and compares gains."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenfold.measure import Processes
from tests.blind.planted import ALL
from tests.blind.trial import attempt

SOME = ("none", "hook", "slow disk", "generator")
SECONDS = 3.0


@pytest.fixture(scope="module")
def generator() -> Iterator[Processes]:
    with Processes(1) as processes:
        yield processes


@pytest.mark.parametrize("planted", [p for p in ALL if p.name in SOME], ids=lambda p: p.name)
def test_the_planted_bottleneck_is_named(planted: object, generator: Processes) -> None:
    chosen = next(p for p in ALL if p is planted)
    outcome = attempt(chosen, generator, SECONDS, takes_steps=False)
    busy = [note for note in outcome.advice.notes if note.startswith("other programs took")]
    if not outcome.is_right and busy:
        pytest.skip(f"the machine has too much else to do: {busy[0]}")
    assert outcome.is_right, outcome.advice.bottleneck
