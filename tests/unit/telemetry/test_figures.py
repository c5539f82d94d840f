"""Counting, bounded; and the text that Prometheus reads."""

from __future__ import annotations

import random

from tenfold.telemetry.figures import (
    Digests,
    Distribution,
    Heat,
    Sample,
    TalliesByName,
    Tally,
    distribution_samples,
)
from tenfold.telemetry.prometheus import exposition


def test_tally_knows_sum_and_longest() -> None:
    tally = Tally()
    for seconds in (0.1, 0.3, 0.2):
        tally.add(seconds)
    assert (tally.count, round(tally.total_s, 6), tally.longest_s) == (3, 0.6, 0.3)


def test_histogram_is_cumulative() -> None:
    found = Distribution((1, 2, 4))
    for value in (0.5, 1, 3, 100):
        found.add(value)
    values = [sample.value for sample in distribution_samples("size", found)]
    assert values == [2, 2, 3, 4, 104.5, 4]


def test_digests_are_bounded_and_ranked() -> None:
    digests = Digests(limit=3)
    for number in range(50):
        digests.add(f"SELECT {number}", 1, 2, number / 100)
    assert len(digests.by_text) == 4
    worst = digests.worst(1)[0]
    assert worst[0] == Digests.OTHER and worst[1].count == 47


def test_hot_key_is_found_among_many() -> None:
    heat: Heat[int] = Heat(limit=64)
    rng = random.Random(1)
    for _ in range(20_000):
        heat.add(7 if rng.random() < 0.3 else rng.randrange(1_000_000))
    key, count = heat.hottest()
    assert key == 7 and 0.2 < count / heat.total < 0.31


def test_nothing_is_hot_at_first() -> None:
    assert Heat[int]().hottest() == (None, 0)


def test_names_are_bounded() -> None:
    tallies = TalliesByName(limit=2)
    for name in ("a", "b", "c", "a"):
        tallies.add(name, 1)
    assert {name: tally.count for name, tally in tallies.by_name.items()} == {"a": 2, "b": 1}


def test_exposition() -> None:
    found = Distribution((1,))
    found.add(0.5)
    samples = [
        Sample("writes_total", 3, (("family", 'a"b\\\n'),)),
        *distribution_samples("wait_seconds", found),
        Sample("threads", 2),
    ]
    assert exposition([("1", samples), ("2", [Sample("threads", 4)])]) == (
        "# TYPE threads gauge\n"
        'threads{worker="1"} 2\n'
        'threads{worker="2"} 4\n'
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="1",worker="1"} 1\n'
        'wait_seconds_bucket{le="+Inf",worker="1"} 1\n'
        'wait_seconds_count{worker="1"} 1\n'
        'wait_seconds_sum{worker="1"} 0.5\n'
        "# TYPE writes_total counter\n"
        'writes_total{family="a\\"b\\\\\\n",worker="1"} 3\n'
    )
