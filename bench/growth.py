"""Does it stay as fast when the data grows? The same two works at each size."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bench import wrk
from bench.dataset import make
from bench.screen import console
from tests.targets import Tenfold

ROUNDS = 3
SECONDS = 4


@dataclass(frozen=True)
class Size:
    """What was measured with a number of records (in `posts`, and as many in `notes`)."""

    records: int
    view_p50_ms: float
    creates_per_s: float
    errors: int


def grow(sizes: list[int]) -> list[Size]:
    """Measure each size on data of its own, server and generator on one core each."""
    return [_measure(records) for records in sizes]


def _measure(records: int) -> Size:
    with tempfile.TemporaryDirectory(prefix="tenfold-growth-") as folder:
        with console.status(f"making {records:,} records"):
            dataset = make(Path(folder), records)
        with Tenfold(dataset.tenfold_dir, core=0) as server:
            console.print(f"[dim]growth: {records:,} records[/dim]")
            reads = ["posts", str(records)]
            # Few clients: a full server's p50 would tell of its throughput, hence of the cache.
            views = [_run(server.url, "view.lua", reads, 4) for _ in range(ROUNDS)]
            creates = [_run(server.url, "create.lua", ["posts"], 32) for _ in range(ROUNDS)]
    return Size(
        records,
        statistics.median(report.p50_ms for report in views),
        statistics.median(report.per_s for report in creates),
        sum(report.errors for report in (*views, *creates)),
    )


def _run(url: str, script: str, arguments: list[str], connections: int) -> wrk.Report:
    return wrk.run(url, script, arguments, seconds=SECONDS, connections=connections, core=1)


def table(sizes: list[Size]) -> Table:
    """The sizes for people; ratios are to the smallest one."""
    shown = Table(title="growth (goal: flat within 1.3x)")
    for column in ("records", "view p50", "x", "creates/s", "x", "errors"):
        shown.add_column(column, justify="right")
    first = sizes[0]
    for size in sizes:
        shown.add_row(
            f"{size.records:,}",
            f"{size.view_p50_ms:.2f} ms",
            f"{size.view_p50_ms / first.view_p50_ms:.2f}",
            f"{size.creates_per_s:,.0f}",
            f"{first.creates_per_s / size.creates_per_s:.2f}",
            str(size.errors),
        )
    return shown
