"""Memory at rest and under load, and the time from the command to the first answer."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.table import Table

from bench import wrk
from bench.dataset import Dataset
from tests.targets import PocketBase, Server, Tenfold

STARTS = 5
SECONDS = 5


@dataclass(frozen=True)
class Footprint:
    """One server's figures; memory is what its processes hold themselves, not mapped files."""

    name: str
    start_s: float
    rest_mib: float
    load_mib: float


def measure(dataset: Dataset) -> list[Footprint]:
    """Measure both servers, and Tenfold with two workers."""
    return [
        _measure("PocketBase", PocketBase(dataset.pocketbase_dir), dataset.records),
        _measure("Tenfold, 1 worker", Tenfold(dataset.tenfold_dir), dataset.records),
        _measure("Tenfold, 2 workers", Tenfold(dataset.tenfold_dir, workers=2), dataset.records),
    ]


def _measure(name: str, server: Server, records: int) -> Footprint:
    starts: list[float] = []
    for _ in range(STARTS):
        started = time.perf_counter()
        server.start()
        starts.append(time.perf_counter() - started)
        server.stop()
    server.start()
    try:
        rest = _memory_mib(server)
        wrk.run(server.url, "mission.lua", ["posts", str(records)], seconds=SECONDS)
        return Footprint(name, statistics.median(starts), rest, _memory_mib(server))
    finally:
        server.stop()


def _memory_mib(server: Server) -> float:
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    return sum(_pss(process.pid) for process in (main, *main.children(recursive=True))) / 1024


def _pss(pid: int) -> int:
    """The anonymous memory of a process in KiB, shared pages counted in parts."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1])
    raise ValueError("the kernel tells no proportional set size")


def table(footprints: list[Footprint]) -> Table:
    """The figures for people."""
    shown = Table(title="start (goal: under 1.5 s) and memory")
    for column in ("server", "start", "at rest", "under load"):
        shown.add_column(column, justify="left" if column == "server" else "right")
    for one in footprints:
        shown.add_row(
            one.name, f"{one.start_s:.2f} s", f"{one.rest_mib:.0f} MiB", f"{one.load_mib:.0f} MiB"
        )
    return shown
