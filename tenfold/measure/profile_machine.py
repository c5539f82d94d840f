"""From looks at the machine and the processes to how much of them was used. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenfold.measure.profile_values import MachineUse, Moment, ProcessUse, ThreadUse
from tenfold.measure.samplers import MachineMoment, ProcessMoment, ThreadMoment

KEPT_STACKS = 3_000


@dataclass(frozen=True, slots=True)
class CpuMoment:
    """Seconds of processor time so far, by who took them."""

    server: float
    generator: float
    profiler: float
    generator_starts: int = 0
    """How often it was given a core."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that was seen at one moment."""

    machine: MachineMoment
    cpu: CpuMoment
    processes: Mapping[int, ProcessMoment]


def moment_between(old: Look, new: Look, start: float) -> Moment:
    """What happened between two looks; `start` is when the first of all was."""
    took_s = max(new.machine.at - old.machine.at, 1e-3)
    machine, before = new.machine, old.machine
    return Moment(
        at_s=machine.at - start,
        machine_cores=(machine.busy_s - before.busy_s) / took_s,
        server_cores=max(0.0, new.cpu.server - old.cpu.server) / took_s,
        generator_cores=max(0.0, new.cpu.generator - old.cpu.generator) / took_s,
        disk_ratio=min(1.0, (machine.disk_busy_s - before.disk_busy_s) / took_s),
        disk_written_bytes_per_s=(machine.disk_written_bytes - before.disk_written_bytes) / took_s,
        net_bytes_per_s=(machine.net_bytes - before.net_bytes) / took_s,
        runnable=machine.runnable,
        memory_available_bytes=machine.memory_available_bytes,
    )


def machine_use(looks: Sequence[Look]) -> MachineUse:
    """From the first look to the last."""
    first, last = looks[0], looks[-1]
    old, new = first.machine, last.machine
    took_s = max(new.at - old.at, 1e-3)
    cores = len(os.sched_getaffinity(0))
    busy = (new.busy_s - old.busy_s) / took_s
    server = max(0.0, last.cpu.server - first.cpu.server) / took_s
    generator = max(0.0, last.cpu.generator - first.cpu.generator) / took_s
    profiler = max(0.0, last.cpu.profiler - first.cpu.profiler) / took_s
    writes = new.disk_writes - old.disk_writes
    return MachineUse(
        cores=cores,
        cpu_ratio=min(1.0, busy / cores),
        server_cores=server,
        generator_cores=generator,
        generator_starts_per_s=max(
            0.0, (last.cpu.generator_starts - first.cpu.generator_starts) / took_s
        ),
        profiler_cores=profiler,
        others_cores=max(0.0, busy - server - generator - profiler),
        stolen_ratio=(new.stolen_s - old.stolen_s) / took_s / cores,
        io_wait_ratio=(new.io_wait_s - old.io_wait_s) / took_s / cores,
        cpu_pressure_ratio=min(1.0, (new.cpu_pressure_s - old.cpu_pressure_s) / took_s),
        runnable=sum(look.machine.runnable for look in looks) / len(looks),
        disk_ratio=min(1.0, (new.disk_busy_s - old.disk_busy_s) / took_s),
        disk_write_ms=(new.disk_write_s - old.disk_write_s) / writes * 1_000 if writes else 0.0,
        disk_writes_per_s=writes / took_s,
        disk_written_bytes_per_s=(new.disk_written_bytes - old.disk_written_bytes) / took_s,
        net_bytes_per_s=(new.net_bytes - old.net_bytes) / took_s,
        memory_available_ratio=new.memory_available_bytes / max(1, new.memory_total_bytes),
        swapped_bytes_per_s=(new.swapped_bytes - old.swapped_bytes) / took_s,
    )


def process_uses(
    first: Look, last: Look, names: Mapping[int, Mapping[str, str]]
) -> list[ProcessUse]:
    """Each process that was there at both looks; `names` says by pid what its threads are for."""
    took_s = max(last.machine.at - first.machine.at, 1e-3)
    return [
        _process_use(first.processes[pid], now, names.get(pid), took_s)
        for pid, now in last.processes.items()
        if pid in first.processes
    ]


def _process_use(
    old: ProcessMoment, new: ProcessMoment, names: Mapping[str, str] | None, took_s: float
) -> ProcessUse:
    return ProcessUse(
        pid=new.pid,
        memory_bytes=new.memory_bytes,
        cpu_cores=(new.cpu_s - old.cpu_s) / took_s,
        read_bytes_per_s=(new.read_bytes - old.read_bytes) / took_s,
        written_bytes_per_s=(new.written_bytes - old.written_bytes) / took_s,
        threads=_thread_uses(old.threads, new.threads, names, took_s),
    )


def _thread_uses(
    before: Mapping[str, ThreadMoment],
    after: Mapping[str, ThreadMoment],
    names: Mapping[str, str] | None,
    took_s: float,
) -> list[ThreadUse]:
    """By kind. Threads that Python does not know are the server's I/O."""
    kinds: dict[str, tuple[int, float, float, float]] = {}
    unnamed = "thread" if names is None else "io"
    for number, new in after.items():
        old = before.get(number, ThreadMoment(0.0, 0.0))
        kind = (names or {}).get(number, unnamed)
        count, cpu, waited, starts = kinds.get(kind, (0, 0.0, 0.0, 0.0))
        cpu += (new.cpu_s - old.cpu_s) / took_s
        waited += (new.waited_s - old.waited_s) / took_s
        kinds[kind] = count + 1, cpu, waited, starts + (new.starts - old.starts) / took_s
    uses = [ThreadUse(kind, *figures) for kind, figures in kinds.items()]
    return sorted(uses, key=lambda use: -use.wanted_cores)


def most_seen(stacks: Mapping[str, int]) -> dict[str, int]:
    """The stacks that were seen most often; a profile keeps no more."""
    ranked = sorted(stacks.items(), key=lambda item: -item[1])
    return dict(ranked[:KEPT_STACKS])
