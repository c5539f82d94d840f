"""Tenfold beside PocketBase, work by work.

Both servers hold the same records; PocketBase runs as it comes, Tenfold with every write
durable. Rounds alternate between the two, so that noise of the machine meets both; each begins
when what the last one left behind is done.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from rich.table import Table

from bench import realtime, wrk
from bench.dataset import PASSWORD, USER_EMAIL, Dataset
from bench.rest import until_at_rest
from bench.screen import console
from bench.works import WORKS, Work
from tests.targets import PocketBase, Server, Tenfold


@dataclass
class Row:
    """The rounds of one work on both servers, in requests per second."""

    name: str
    layout: str
    goal_ratio: float | None
    pocketbase: list[float] = field(default_factory=list[float])
    tenfold: list[float] = field(default_factory=list[float])
    p50_ms: list[float] = field(default_factory=list[float])
    p99_ms: list[float] = field(default_factory=list[float])
    errors: int = 0

    @property
    def ratio(self) -> float:
        """Tenfold's median over PocketBase's."""
        return statistics.median(self.tenfold) / statistics.median(self.pocketbase)


@dataclass(frozen=True)
class Layout:
    """Which cores server and load generator run on; None: all of them."""

    name: str
    server_core: int | None
    client_core: int | None
    workers: int


ONE_CORE = Layout("1 core each", 0, 1, 1)
BOTH_CORES = Layout("both on both", None, None, 2)


@dataclass(frozen=True)
class Effort:
    """How long to measure: seconds of a round, rounds of a row; `only` picks rows by name."""

    seconds: int = 5
    rounds: int = 3
    only: str = ""


def compare(dataset: Dataset, effort: Effort) -> list[Row]:
    """Measure every row on both servers."""
    return [row for layout in (ONE_CORE, BOTH_CORES) for row in _measure(dataset, layout, effort)]


def _measure(dataset: Dataset, layout: Layout, effort: Effort) -> list[Row]:
    rows: list[Row] = []
    with (
        PocketBase(dataset.pocketbase_dir, core=layout.server_core) as pocketbase,
        Tenfold(dataset.tenfold_dir, core=layout.server_core, workers=layout.workers) as tenfold,
    ):
        for work in WORKS:
            if effort.only in work.name:
                rows.append(_row(work, layout, pocketbase, tenfold, dataset, effort))
        if effort.only in "realtime":
            rows.append(_realtime(layout, pocketbase, tenfold, effort.rounds))
        if layout is BOTH_CORES and effort.only in "mission":
            rows.append(_mission(layout, pocketbase, tenfold, dataset, effort))
    return rows


def _row(
    work: Work,
    layout: Layout,
    pocketbase: Server,
    tenfold: Server,
    dataset: Dataset,
    effort: Effort,
) -> Row:
    row = Row(work.name, layout.name, work.goal_ratio)
    for number in range(effort.rounds):
        console.print(f"[dim]{layout.name}: {work.name}, round {number + 1}[/dim]")
        for server, results in ((pocketbase, row.pocketbase), (tenfold, row.tenfold)):
            until_at_rest(pocketbase, tenfold)
            with _trickle(server) if work.has_trickle else _nothing():
                report = wrk.run(
                    server.url,
                    work.script,
                    work.arguments(dataset.records, _user_token(server)),
                    seconds=effort.seconds,
                    threads=1 if layout.client_core is not None else 2,
                    core=layout.client_core,
                )
            results.append(report.per_s)
            row.errors += report.errors
            if server is tenfold:
                row.p50_ms.append(report.p50_ms)
                row.p99_ms.append(report.p99_ms)
    return row


def _realtime(layout: Layout, pocketbase: Server, tenfold: Server, rounds: int) -> Row:
    row = Row(f"realtime, {realtime.SUBSCRIBERS} subscribers, events/s", layout.name, 2.0)
    if layout.client_core is not None:
        os.sched_setaffinity(0, {layout.client_core})
    for number in range(rounds):
        console.print(f"[dim]{layout.name}: realtime, round {number + 1}[/dim]")
        for server, results in ((pocketbase, row.pocketbase), (tenfold, row.tenfold)):
            until_at_rest(pocketbase, tenfold)
            results.append(asyncio.run(realtime.measure(server.url, "posts")))
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    return row


def _mission(
    layout: Layout,
    pocketbase: Server,
    tenfold: Server,
    dataset: Dataset,
    effort: Effort,
) -> Row:
    mix = Work(
        "mission: 100 reads (Zipf) to 1 durable write",
        "mission.lua",
        0,
        lambda records, _: ["posts", str(records)],
    )
    row = _row(mix, layout, pocketbase, tenfold, dataset, effort)
    row.goal_ratio = None
    return row


@contextmanager
def _trickle(server: Server) -> Generator[None]:
    """One write a second for as long as the block runs."""
    stop = threading.Event()

    def write() -> None:
        with httpx.Client(base_url=server.url) as client:
            while not stop.wait(1.0):
                body = {"title": "trickle", "group": -3}
                client.post("/api/collections/posts/records", json=body).raise_for_status()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _nothing() -> Generator[None]:
    yield


def _user_token(server: Server) -> str:
    answer = httpx.post(
        f"{server.url}/api/collections/users/auth-with-password",
        json={"identity": USER_EMAIL, "password": PASSWORD},
    )
    return answer.raise_for_status().json()["token"]


def table(rows: list[Row], dataset: Dataset, effort: Effort) -> Table:
    """The rows for people."""
    title = f"{dataset.records:,} records of 1 KB, medians of {effort.rounds} rounds"
    shown = Table(title=title)
    for column in ("work", "cores", "PocketBase/s", "Tenfold/s", "ratio", "goal", "p50", "p99"):
        shown.add_column(column, justify="left" if column in ("work", "cores") else "right")
    shown.add_column("errors", justify="right")
    for row in rows:
        shown.add_row(
            row.name,
            row.layout,
            _spread(row.pocketbase),
            _spread(row.tenfold),
            f"{row.ratio:.1f}x",
            f"{row.goal_ratio:g}x" if row.goal_ratio else "",
            f"{statistics.median(row.p50_ms):.2f} ms" if row.p50_ms else "",
            f"{statistics.median(row.p99_ms):.2f} ms" if row.p99_ms else "",
            str(row.errors),
        )
    return shown


def _spread(rates: list[float]) -> str:
    half = (max(rates) - min(rates)) / 2
    return f"{statistics.median(rates):,.0f} ±{half:,.0f}"
