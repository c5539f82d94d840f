"""One look at a process and its threads, from /proc. Processes of others may be hidden."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

NANOSECONDS = 1e9


@dataclass(frozen=True, slots=True)
class ThreadMoment:
    """Seconds a thread ran, seconds it wanted to run while no core was free, how often it began."""

    cpu_s: float
    waited_s: float
    starts: int = 0


@dataclass(frozen=True, slots=True)
class ProcessMoment:
    """One process at one moment; threads by the number the system gives them."""

    pid: int
    cpu_s: float
    memory_bytes: int
    read_bytes: int
    written_bytes: int
    threads: dict[str, ThreadMoment]


def look_at_process(pid: int) -> ProcessMoment | None:
    """Look; None when there is no such process, or it may not be seen."""
    try:
        process = psutil.Process(pid)
        times, memory = process.cpu_times(), process.memory_info().rss
        read, written = _io(process)
    except psutil.Error:
        return None
    return ProcessMoment(
        pid=pid,
        cpu_s=times.user + times.system,
        memory_bytes=memory,
        read_bytes=read,
        written_bytes=written,
        threads=_threads(pid),
    )


def cpu_of(pids: set[int]) -> float:
    """Seconds of processor time that some processes took so far; those that ended are left out."""
    total = 0.0
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def starts_of(pids: AbstractSet[int]) -> int:
    """How often the first threads of some processes were given a core so far."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[2])
    return total


def listeners(port: int) -> list[int]:
    """The processes that listen on a TCP port of this machine, and their children."""
    try:
        found = {
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
            and connection.pid is not None
        }
    except psutil.Error:
        return []
    return sorted(found)


def _io(process: psutil.Process) -> tuple[int, int]:
    try:
        counters = process.io_counters()
    except psutil.Error:
        return 0, 0
    return counters.read_bytes, counters.write_bytes


def _threads(pid: int) -> dict[str, ThreadMoment]:
    found: dict[str, ThreadMoment] = {}
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for task in tasks:
        try:
            ran, waited, starts = (task / "schedstat").read_text().split()
        except (OSError, ValueError):
            continue
        seconds = int(ran) / NANOSECONDS, int(waited) / NANOSECONDS
        found[task.name] = ThreadMoment(*seconds, int(starts))
    return found
