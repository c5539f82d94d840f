"""One look at the whole machine, from /proc. Counters only grow; two looks make a rate.

docs: https://docs.kernel.org/filesystems/proc.html, https://docs.kernel.org/accounting/psi.html
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SECTOR_BYTES = 512
_IDLE = (3, 4)
"""Idle, and waiting for a disk."""


@dataclass(frozen=True, slots=True)
class MachineMoment:
    """Counters and gauges of one moment; seconds of the processors are over all cores."""

    at: float
    busy_s: float
    stolen_s: float
    io_wait_s: float
    runnable: int
    disk_busy_s: float
    disk_written_bytes: int
    disk_read_bytes: int
    disk_writes: int
    disk_write_s: float
    net_bytes: int
    memory_available_bytes: int
    memory_total_bytes: int
    swapped_bytes: int
    cpu_pressure_s: float


def look_at_machine(folder: Path | None = None) -> MachineMoment:
    """Look; `folder` says which disk counts (else the busiest matters: that of `/`)."""
    cpu, runnable = _processors()
    disk = _disk(folder or Path("/"))
    memory = psutil.virtual_memory()
    swap = _vmstat("pswpin") + _vmstat("pswpout")
    return MachineMoment(
        at=time.monotonic(),
        busy_s=(sum(cpu[:8]) - sum(cpu[place] for place in _IDLE)) / TICKS_PER_S,
        stolen_s=cpu[7] / TICKS_PER_S,
        io_wait_s=cpu[4] / TICKS_PER_S,
        runnable=runnable,
        disk_busy_s=disk[9] / 1_000,
        disk_written_bytes=disk[6] * SECTOR_BYTES,
        disk_read_bytes=disk[2] * SECTOR_BYTES,
        disk_writes=disk[4],
        disk_write_s=disk[7] / 1_000,
        net_bytes=_network(),
        memory_available_bytes=memory.available,
        memory_total_bytes=memory.total,
        swapped_bytes=swap * os.sysconf("SC_PAGE_SIZE"),
        cpu_pressure_s=_pressure("cpu"),
    )


def _processors() -> tuple[list[int], int]:
    """Ticks by kind over all cores, and how many tasks want to run."""
    ticks: list[int] = []
    runnable = 0
    for line in _lines("/proc/stat"):
        if line.startswith("cpu "):
            ticks = [int(part) for part in line.split()[1:]]
        elif line.startswith("procs_running"):
            runnable = int(line.split()[1])
    return ticks + [0] * (10 - len(ticks)), runnable


def _disk(folder: Path) -> list[int]:
    """The counters of the disk that a folder lies on; zeros where it can't be told."""
    try:
        device = os.stat(folder).st_dev
    except OSError:
        return [0] * 20
    wanted = [str(os.major(device)), str(os.minor(device))]
    for line in _lines("/proc/diskstats"):
        parts = line.split()
        if parts[:2] == wanted:
            return [int(part) for part in parts[3:]] + [0] * 10
    return [0] * 20


def _network() -> int:
    """Bytes sent and received over all interfaces but loopback."""
    counters = psutil.net_io_counters(pernic=True)
    return sum(c.bytes_sent + c.bytes_recv for name, c in counters.items() if name != "lo")


def _vmstat(name: str) -> int:
    for line in _lines("/proc/vmstat"):
        if line.startswith(f"{name} "):
            return int(line.split()[1])
    return 0


def _pressure(kind: str) -> float:
    """Seconds in which some task waited for a resource."""
    for line in _lines(f"/proc/pressure/{kind}"):
        if line.startswith("some"):
            return int(line.rpartition("total=")[2]) / 1e6
    return 0.0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
