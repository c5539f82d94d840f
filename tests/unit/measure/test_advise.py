"""Each rule of advice: what it names, what it leaves alone, and what it predicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenfold.measure.advise import advise
from tenfold.measure.advise_index import IndexWish, wished_index
from tenfold.measure.advise_values import Advice
from tenfold.measure.profile_run import ProfiledRun
from tenfold.measure.profile_values import (
    CacheUse,
    HookUse,
    PasswordUse,
    StatementUse,
    ThreadUse,
    WriterUse,
)
from tenfold.measure.results import GeneratorUse
from tests.unit.measure.measured import full, machine, profiled, run, server, threads

BUSY = threads(MainThread=0.6, io=0.4)
SCAN = 'SELECT t0."id" FROM "posts" AS t0 WHERE t0."state" = ? ORDER BY t0."created" DESC LIMIT ?'
PLAN = ["SCAN t0", "USE TEMP B-TREE FOR ORDER BY"]


def named(found: ProfiledRun) -> Advice:
    advice = advise(found)
    assert advice.is_needed and advice.bottleneck.evidence and advice.bottleneck.gain.formula
    return advice


def test_nothing_is_needed_while_the_goal_is_kept_with_room_to_spare() -> None:
    advice = advise(profiled())
    assert (advice.bottleneck.name, advice.is_needed) == ("none", False)
    assert advice.headroom_ratio == pytest.approx(1 / 0.6)


def test_the_generator_is_named_before_all_else() -> None:
    use = GeneratorUse(1, 64, 9.5, 0.95, 0.95, 100.0, 0.1, "realtime", "took 95% of a core")
    assert named(profiled(full(generator=use), threads_=BUSY)).bottleneck.name == "generator"


def test_a_full_worker_beside_free_cores() -> None:
    found = named(profiled(full(), machine_=machine(server_cores=1.0), threads_=BUSY)).bottleneck
    assert (found.name, found.step.kind) == ("few_workers", "add_worker")
    assert found.step.is_here and found.step.change == {"workers": "2"}
    assert 1.8 < found.gain.ratio < 2


def test_more_workers_bring_no_more_than_the_cores_there_are() -> None:
    """A 2-core machine whose generator takes half a core has 1.5 for the server."""
    small = machine(cores=2, cpu_ratio=0.75, server_cores=1.0, generator_cores=0.5, others_cores=0)
    found = named(profiled(full(), machine_=small, threads_=BUSY)).bottleneck
    assert found.gain.ratio == pytest.approx(2 / 1.5)


def test_a_full_processor() -> None:
    packed = machine(cores=2, cpu_ratio=0.98, server_cores=1.5, generator_cores=0.4, others_cores=0)
    found = named(profiled(full(), machine_=packed, threads_=BUSY)).bottleneck
    assert (found.name, found.step.kind) == ("full_processor", "bigger_machine")


def test_a_hook_that_computes() -> None:
    place = "burn (/srv/hooks/posts.py:3)"
    hooked = server(hooks=[HookUse(place, 5_000, 6.0)])
    stacks = {"MainThread;run (a.py:1);burn (/srv/hooks/posts.py:4)": 60, "MainThread;b": 40}
    used = threads(MainThread=0.8, io=0.2)
    found = named(profiled(full(), hooked, threads_=used, stacks=stacks)).bottleneck
    assert (found.name, found.step.change) == ("hook_cpu", {"place": place})
    # 6 of 10 seconds are spared, so 0.2 ms an answer are left of the loop, and 0.2 of I/O.
    assert found.gain.ratio == pytest.approx(1.2 / 0.4)


def test_a_full_worker_starts_less_often_for_each_answer() -> None:
    """Ten starts of other threads an answer cost what a full worker does not pay."""
    place = "burn (/srv/hooks/posts.py:3)"
    hooked = server(hooks=[HookUse(place, 5_000, 6.0)])
    stacks = {"MainThread;burn (/srv/hooks/posts.py:4)": 60, "MainThread;b": 40}
    used = [ThreadUse("MainThread", 1, 0.8, 0.0), ThreadUse("io", 3, 0.2, 0.0, 5_000.0)]
    found = named(profiled(full(), hooked, threads_=used, stacks=stacks)).bottleneck
    # 5 starts, 1 is usual: 4 of 18 µs are spared of the 200 µs of I/O.
    assert found.gain.ratio == pytest.approx(1.2 / (0.4 - 0.072))


def test_a_generator_can_not_show_more_than_it_can_ask_for() -> None:
    churned = server(records=CacheUse(500, 9_400, 9_000, 200, 800_000, 1 << 20), request_s={})
    near = machine(generator_cores=0.8)
    found = named(profiled(full(), churned, near, BUSY)).bottleneck
    assert found.gain.ratio == pytest.approx(0.95 / 0.8)


def test_a_hook_that_only_waits_is_not_blamed_for_the_processor() -> None:
    hooked = server(hooks=[HookUse("call (/srv/hooks/posts.py:3)", 5_000, 6.0)])
    assert named(profiled(full(), hooked, threads_=BUSY)).bottleneck.name == "few_workers"


def test_a_hook_that_waits_inside_the_transaction() -> None:
    held = server(
        writer=WriterUse(2_000, 500, 1.0, 8.9, 0.0, 40),
        hooks=[HookUse("call (/srv/hooks/posts.py:3)", 2_000, 8.0)],
        hot_collection="posts",
        hot_record="r1",
        hot_changes=1_500,
        changes=2_000,
    )
    found = named(profiled(full(), held)).bottleneck
    assert found.name == "write_lock"
    assert any("75% of all changes are of posts/r1" in line for line in found.evidence)
    assert found.gain.ratio == pytest.approx(min(1 / (1 - 8 / 9.9), 1.2 / 0.6))


def test_a_slow_disk() -> None:
    slow = server(writer=WriterUse(2_000, 250, 9.0, 0.8, 0.0, 40))
    found = named(profiled(full(), slow)).bottleneck
    assert (found.name, found.step.is_here) == ("slow_disk", False)


def test_a_fast_disk_is_left_alone() -> None:
    fast = server(writer=WriterUse(2_000, 9_000, 9.0, 0.8, 0.0, 40))
    assert named(profiled(full(), fast, threads_=BUSY)).bottleneck.name == "few_workers"


def test_a_missing_index() -> None:
    scanned = server(statements=[StatementUse(SCAN, 3_000, 7.0, 0.01, 3_000, PLAN)])
    found = named(profiled(full(), scanned, threads_=threads(MainThread=0.9, io=0.1))).bottleneck
    assert (found.name, found.step.kind) == ("missing_index", "add_index")
    assert found.step.change["collection"] == "posts"
    assert "(`state`, `created`)" in found.step.change["sql"]
    assert found.gain.ratio > 2


def test_an_index_wanted_by_reads_that_moved_to_threads() -> None:
    scanned = server(
        statements=[StatementUse(SCAN, 300, 28.0, 0.2, 3_000, PLAN)],
        slow_reads=300,
        slow_read_s=28.0,
        given_up_s=1.0,
    )
    assert named(profiled(full(), scanned)).bottleneck.name == "missing_index"


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        (SCAN, ("state", "created")),
        ('SELECT t0."id" FROM "posts" AS t0 WHERE t0."rank" > ? LIMIT ?', ("rank",)),
        ('SELECT "id" FROM "posts" WHERE "email" = ? COLLATE NOCASE', ("email",)),
        ('SELECT t0."id" FROM "posts" AS t0 ORDER BY t0."a", t0."b" LIMIT ?', ("a", "b")),
        (
            'SELECT t0."id" FROM "posts" AS t0 LEFT JOIN "users" AS t1 ON t1."id" = t0."who"'
            ' WHERE t1."name" = ? AND t0."ok" = 1 LIMIT ?',
            ("ok",),
        ),
    ],
)
def test_which_index(sql: str, columns: tuple[str, ...]) -> None:
    assert wished_index(sql, PLAN) == IndexWish("posts", columns)


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT t0."id" FROM "posts" AS t0 LIMIT ?',
        'SELECT COUNT(*) FROM "posts" AS t0',
        'SELECT t0."id" FROM "posts" AS t0 WHERE t0."title" LIKE ? ESCAPE \'\\\' LIMIT ?',
        'SELECT t0."id" FROM "posts" AS t0 WHERE (t0."a" = ? OR t0."b" = ?) LIMIT ?',
        'SELECT t0."id" FROM "posts" AS t0 WHERE t0."a" <> ? LIMIT ?',
    ],
)
def test_where_an_index_would_not_help(sql: str) -> None:
    assert wished_index(sql, ["SCAN t0"]) is None


def test_an_index_that_is_used_is_not_wished_for() -> None:
    assert wished_index(SCAN, ["SEARCH t0 USING INDEX idx (state=?)"]) is None


SIGNING = PasswordUse(checks=170, run_s=9.9, wait_s=60.0, refused=0, threads=1, busiest_ratio=0.99)


def test_too_few_password_threads() -> None:
    found = named(
        profiled(
            full(good_per_s=17.0),
            server(passwords=SIGNING, settings={"password_threads": 1}),
            machine(cores=2, cpu_ratio=0.5, server_cores=1.0, generator_cores=0, others_cores=0),
            threads(MainThread=0.02, password=0.98),
        )
    ).bottleneck
    assert found.name == "password_pool"
    assert found.step.change == {"setting": "password_threads", "value": "2"}
    assert found.gain.ratio == pytest.approx(2.0, rel=0.05)


def test_a_storm_of_sign_ins() -> None:
    found = named(
        profiled(
            full(good_per_s=34.0),
            server(passwords=replace(SIGNING, threads=4)),
            machine(cores=2, cpu_ratio=0.99, server_cores=1.95, generator_cores=0, others_cores=0),
            threads(MainThread=0.02, password=1.9),
        )
    ).bottleneck
    assert (found.name, found.step.is_here) == ("password_cpu", False)


def test_a_cache_that_is_too_small() -> None:
    churned = server(records=CacheUse(500, 9_400, 9_000, 200, 800_000, 1 << 20), request_s={})
    found = named(profiled(full(), churned, threads_=BUSY)).bottleneck
    assert (found.name, found.step.kind) == ("cold_cache", "set")
    assert int(found.step.change["value"]) >= 4 * 4_000 * 10_000


def test_a_cache_that_is_only_cold_needs_nothing() -> None:
    cold = server(records=CacheUse(500, 9_400, 0, 9_000, 800_000, 32 << 20), request_s={})
    found = named(profiled(full(), cold, threads_=BUSY)).bottleneck
    assert (found.name, found.step.kind) == ("cold_cache", "wait")


def test_a_hot_key() -> None:
    hot = server(
        requests={"update": 10_000},
        routed=10_000,
        hot_collection="posts",
        hot_record="r1",
        hot_changes=9_000,
        changes=10_000,
    )
    found = named(profiled(full(), hot, threads_=BUSY)).bottleneck
    assert (found.name, found.step.change["record"]) == ("hot_key", "r1")


def test_big_answers() -> None:
    big = full(received_bytes=10_000 * 400_000)
    assert named(profiled(big, threads_=BUSY)).bottleneck.name == "big_answers"


def test_telling_subscribers() -> None:
    stacks = {"MainThread;send (tenfold/realtime/hub.py:9)": 60, "MainThread;b (b.py:1)": 40}
    assert named(profiled(full(), threads_=BUSY, stacks=stacks)).bottleneck.name == "fan_out"


def test_other_programs() -> None:
    crowded = machine(cpu_ratio=0.99, server_cores=0.5, others_cores=3.3)
    assert named(profiled(full(), machine_=crowded)).bottleneck.name == "neighbours"


def test_no_memory() -> None:
    found = named(profiled(full(), machine_=machine(memory_available_ratio=0.02)))
    assert found.bottleneck.name == "little_memory"


def test_a_busy_disk() -> None:
    grinding = machine(disk_ratio=0.98, io_wait_ratio=0.4)
    assert named(profiled(full(), machine_=grinding)).bottleneck.name == "full_disk"


def test_when_no_part_is_full_it_says_so() -> None:
    assert named(profiled(full())).bottleneck.name == "unknown"


def test_the_largest_cause_comes_first_and_the_others_are_kept() -> None:
    both = server(
        hooks=[HookUse("burn (/srv/hooks/posts.py:3)", 5_000, 4.0)],
        statements=[StatementUse(SCAN, 900, 3.0, 0.01, 900, PLAN)],
    )
    stacks = {"MainThread;burn (/srv/hooks/posts.py:4)": 40, "MainThread;b (b.py:1)": 60}
    advice = named(profiled(full(), both, threads_=BUSY, stacks=stacks))
    names = [advice.bottleneck.name, *(other.name for other in advice.others)]
    assert names == ["hook_cpu", "missing_index", "few_workers"]


def test_strain_is_named_before_the_goal_breaks() -> None:
    advice = advise(profiled(run(), threads_=BUSY))
    assert advice.bottleneck.name == "few_workers"
    assert "the goal is still kept" in advice.bottleneck.evidence[0]


def test_a_server_that_tells_nothing() -> None:
    mute = profiled(full(), threads_=threads(thread=0.99))
    mute = replace(mute, profile=replace(mute.profile, server=None))
    advice = advise(mute)
    assert any("tells nothing" in note for note in advice.notes)
