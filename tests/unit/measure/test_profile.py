"""From looks to figures, and stacks as a flame graph."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tenfold.measure.profile_flame import flame_svg, self_times, share_of, tree
from tenfold.measure.profile_machine import CpuMoment, Look, machine_use, process_uses
from tenfold.measure.profile_server import server_use
from tenfold.measure.samplers import (
    MachineMoment,
    ProcessMoment,
    ThreadMoment,
    WorkerMoment,
)
from tenfold.measure.samplers.server import Hottest, StatementMoment

Samples = dict[str, float]


def worker(pid: int, at: float, samples: Samples, **more: object) -> WorkerMoment:
    """A worker that tells some samples, by `name{label=text}`."""
    told = [(*_named(key), value) for key, value in samples.items()]
    given: dict[str, object] = {
        "pid": pid,
        "at": at,
        "threads": {},
        "settings": {"workers": 1},
        "samples": [(name, value, labels) for name, labels, value in told],
        "statements": [],
        "hooks": {},
        "hottest": Hottest(),
    }
    return WorkerMoment(**{**given, **more})  # pyright: ignore[reportArgumentType]


def _named(key: str) -> tuple[str, list[tuple[str, str]]]:
    name, _, inside = key.removesuffix("}").partition("{")
    pairs = [part.partition("=") for part in inside.split(",") if part]
    return name, [(label, text) for label, _, text in pairs]


def test_growth_is_summed_over_workers() -> None:
    views = "tenfold_requests_total{family=view,lane=instant}"
    routed = "tenfold_requests_total{family=create,lane=routes}"
    before = {"1": worker(7, 100, {views: 10, routed: 1}), "2": worker(8, 100, {views: 5})}
    after = {"1": worker(7, 104, {views: 30, routed: 4}), "2": worker(8, 104, {views: 6})}
    use = server_use(before, after)
    assert use.requests == {"view": 21, "create": 3}
    assert (use.took_s, use.workers, use.answered, use.routed) == (4, 2, 24, 3)


def test_a_new_worker_counts_from_its_start() -> None:
    checks = "tenfold_password_run_total"
    before = {"1": worker(7, 100, {checks: 50})}
    after = {"1": worker(9, 104, {checks: 3})}
    assert server_use(before, after).passwords.checks == 3


def test_statements_and_hooks_are_those_of_the_time_between() -> None:
    def statement(count: int, total_s: float) -> StatementMoment:
        return StatementMoment("SELECT 1", count, total_s, 0.5, count, ["SCAN t0"])

    before = {"1": worker(7, 0, {}, statements=[statement(10, 1)], hooks={"a.py:1": (3, 0.3)})}
    after = {"1": worker(7, 1, {}, statements=[statement(14, 3)], hooks={"a.py:1": (5, 1.3)})}
    use = server_use(before, after)
    assert [(s.count, s.total_s, s.plan) for s in use.statements] == [(4, 2, ["SCAN t0"])]
    assert [(h.count, h.total_s) for h in use.hooks] == [(2, 1)]


def test_loop_delay_from_buckets() -> None:
    name = "tenfold_loop_delay_seconds"
    told = {
        f"{name}_bucket{{le=0.001}}": 90.0,
        f"{name}_bucket{{le=0.1}}": 100.0,
        f"{name}_bucket{{le=+Inf}}": 100.0,
        f"{name}_count": 100.0,
        f"{name}_sum": 1.0,
    }
    empty = dict.fromkeys(told, 0.0)
    delay = server_use({"1": worker(7, 0, empty)}, {"1": worker(7, 10, told)}).loop_delay
    assert (delay.p50_ms, delay.p99_ms, delay.mean_ms) == (1, 100, 10)


def test_the_hottest_record_counts_since_the_first_look() -> None:
    before = {"1": worker(7, 0, {}, hottest=Hottest("posts", "r1", 40, 100))}
    after = {"1": worker(7, 1, {}, hottest=Hottest("posts", "r1", 90, 160))}
    use = server_use(before, after)
    assert (use.hot_record, use.hot_changes, use.changes) == ("r1", 50, 60)


def _look(at: float, busy_s: float, server_s: float, threads: dict[str, ThreadMoment]) -> Look:
    machine = MachineMoment(
        at=at,
        busy_s=busy_s,
        stolen_s=0,
        io_wait_s=0,
        runnable=2,
        disk_busy_s=at / 2,
        disk_written_bytes=int(at * 1_000),
        disk_read_bytes=0,
        disk_writes=int(at * 10),
        disk_write_s=at / 10,
        net_bytes=0,
        memory_available_bytes=500,
        memory_total_bytes=1_000,
        swapped_bytes=0,
        cpu_pressure_s=0,
    )
    process = ProcessMoment(7, server_s, 1_000, 0, 0, threads)
    return Look(machine, CpuMoment(server_s, 0.2 * at, 0), {7: process})


def test_machine_between_two_looks() -> None:
    looks = [_look(0, 0, 0, {}), _look(10, 15, 8, {})]
    use = machine_use(looks)
    assert (use.server_cores, use.generator_cores) == (0.8, 0.2)
    assert use.others_cores == pytest.approx(0.5)
    assert (use.disk_ratio, use.disk_write_ms, use.disk_writes_per_s) == (0.5, 10, 10)
    assert use.memory_available_ratio == 0.5


def test_threads_are_told_by_what_they_are_for() -> None:
    first = _look(0, 0, 0, {"7": ThreadMoment(0, 0), "8": ThreadMoment(0, 0)})
    last = _look(10, 10, 10, {"7": ThreadMoment(5, 1), "8": ThreadMoment(2, 0)})
    (process,) = process_uses(first, last, {7: {"7": "MainThread"}})
    assert [(t.kind, t.cpu_cores, t.wanted_cores) for t in process.threads] == [
        ("MainThread", 0.5, 0.6),
        ("io", 0.2, 0.2),
    ]


STACKS = {
    "thread (1): MainThread;main (a.py:1);serve (a.py:9);hash (<b>.py:3)": 6,
    "thread (1): MainThread;main (a.py:1);serve (a.py:11)": 3,
    "thread (2);read (io.py:4)": 1,
}


def test_stacks_as_a_tree() -> None:
    root = tree(STACKS)
    assert root.count == 10
    assert {name: frame.count for name, frame in root.inside.items()} == {"MainThread": 9, "io": 1}


def test_own_time_and_shares() -> None:
    assert self_times(STACKS) == {"hash (<b>.py)": 6, "serve (a.py)": 3, "read (io.py)": 1}
    assert share_of(STACKS, "hash") == 0.6


def test_flame_graph_is_well_formed_and_escaped() -> None:
    drawn = ET.fromstring(flame_svg(STACKS))
    titles = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert "hash (<b>.py): 6 of 10, 60.0%" in titles
    assert not flame_svg({})
