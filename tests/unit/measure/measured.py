"""A profiled run of a calm server, to be changed by tests into one that is short of something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tenfold.measure.latencies import summary
from tenfold.measure.profile_run import ProfiledRun
from tenfold.measure.profile_values import (
    CacheUse,
    LoopDelay,
    MachineUse,
    PasswordUse,
    ProcessUse,
    Profile,
    ServerUse,
    ThreadUse,
    WriterUse,
)
from tenfold.measure.results import GeneratorUse, RunResult
from tenfold.measure.workload import Workload

TOOK_S = 10.0


def machine(**changes: Any) -> MachineUse:
    """Four cores, one of them busy."""
    calm = MachineUse(
        cores=4,
        cpu_ratio=0.25,
        server_cores=0.7,
        generator_cores=0.2,
        generator_starts_per_s=0.0,
        profiler_cores=0.0,
        others_cores=0.1,
        stolen_ratio=0.0,
        io_wait_ratio=0.0,
        cpu_pressure_ratio=0.1,
        runnable=1.0,
        disk_ratio=0.05,
        disk_write_ms=0.2,
        disk_writes_per_s=100.0,
        disk_written_bytes_per_s=1e6,
        net_bytes_per_s=0.0,
        memory_available_ratio=0.6,
        swapped_bytes_per_s=0.0,
    )
    return replace(calm, **changes)


def server(**changes: Any) -> ServerUse:
    """One worker with nothing unusual."""
    calm = ServerUse(
        took_s=TOOK_S,
        workers=1,
        requests={"view": 9_900, "create": 100},
        request_s={"create": 0.5},
        routed=100,
        failures=0,
        records=CacheUse(9_800, 100, 0, 1_000, 4_000_000, 32 << 20),
        lists=CacheUse(0, 0, 0, 0, 0, 32 << 20),
        writer=WriterUse(100, 90, 0.1, 0.05, 0.0, 0),
        passwords=PasswordUse(0, 0.0, 0.0, 0, 2, 0.0),
        loop_delay=LoopDelay(100, 0.5, 0.5, 1.0),
        gc_s=0.0,
        statements=[],
        statement_s=0.1,
        slow_reads=0,
        slow_read_s=0.0,
        given_up_s=0.0,
        hooks=[],
        hot_collection="",
        hot_record="",
        hot_changes=0,
        changes=100,
        settings={"cache_bytes": 64 << 20, "password_threads": 2, "read_threads": 3},
    )
    return replace(calm, **changes)


def threads(**cores: float) -> list[ThreadUse]:
    """One process's threads by kind, that never waited for a core."""
    return [ThreadUse(kind, 1, used, 0.0) for kind, used in cores.items()]


def run(**changes: Any) -> RunResult:
    """1,000 answers a second, as planned, and quickly."""
    calm = RunResult(
        target="Tenfold",
        url="http://127.0.0.1:1",
        round=1,
        started_at=0.0,
        workload=Workload(),
        planned=10_000,
        sent=10_000,
        good=10_000,
        errors={},
        took_s=TOOK_S,
        planned_per_s=1_000.0,
        sent_per_s=1_000.0,
        good_per_s=1_000.0,
        received_bytes=10_000_000,
        latencies=summary({1_000: 10_000}),
        by_kind={},
        slots=[],
        generator=GeneratorUse(1, 64, 2.0, 0.2, 0.2, 200.0, 0.1, "realtime"),
    )
    return replace(calm, **changes)


SLOW = summary({400_000: 10_000})


def full(**changes: Any) -> RunResult:
    """A server that was asked for twice what it carries."""
    strained = run(planned=20_000, planned_per_s=2_000.0, latencies=SLOW)
    return replace(strained, **changes)


def profiled(
    run_: RunResult | None = None,
    server_: ServerUse | None = None,
    machine_: MachineUse | None = None,
    threads_: list[ThreadUse] | None = None,
    stacks: dict[str, int] | None = None,
) -> ProfiledRun:
    """A run and its profile."""
    used = threads_ or threads(MainThread=0.3, io=0.3)
    profile = Profile(
        url="http://127.0.0.1:1",
        started_at=0.0,
        took_s=TOOK_S,
        machine=machine_ or machine(),
        moments=[],
        processes=[ProcessUse(7, 100_000_000, 0.7, 0.0, 0.0, used)],
        server=server_ or server(),
        stacks=stacks or {"MainThread;serve (a.py:1)": 100},
    )
    return ProfiledRun(run_ or run(), profile)
