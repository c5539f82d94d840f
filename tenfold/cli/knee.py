"""`tenfold knee`: the highest rate a server takes while it keeps a goal."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli import load_options as flags
from tenfold.cli.console import FAILED, err, out
from tenfold.errors import OperatorError
from tenfold.measure import (
    Goal,
    Knee,
    KneeReport,
    PrivateTenfold,
    Processes,
    Step,
    Usl,
    find_knee,
    fit,
    run,
    step_of,
    this_machine,
    write_json,
)

MAX_WORKERS = 256
LIMITS = {
    "p99": (0.01, 600_000),
    "errors": (0, 1),
    "start": (1, 1_000_000),
    "precision": (0.001, 1),
}
BAR_WIDTH = 24
CERTAIN_POINTS = 3


def knee(
    url: flags.Url = None,
    /,
    *,
    workload: flags.WorkloadName = "default",
    p99: Annotated[float, Parameter(help="Goal: the p99 latency in ms.")] = 50.0,
    errors: Annotated[float, Parameter(help="Goal: the share of failures, 0.001 is 0.1%.")] = 0.001,
    start: Annotated[float, Parameter(help="Requests a second to begin with.")] = 500.0,
    seconds: Annotated[float, Parameter(help="How long each rate is measured.")] = 3.0,
    records: flags.Records = None,
    rounds: flags.Rounds = 3,
    precision: Annotated[float, Parameter(help="When to stop searching: 0.05 is 5%.")] = 0.05,
    workers: Annotated[
        str | None,
        Parameter(help="Workers of the fresh Tenfold, such as 1,2,4. [default: up to the cores]"),
    ] = None,
    superuser: flags.Superuser = None,
    connections: flags.Connections = 64,
    processes: flags.Processes_ = 0,
    timeout: flags.Timeout = 10.0,
    seed: flags.Seed = 1,
    allow_remote: flags.AllowRemote = False,
    json: flags.Json = None,
) -> int:
    """Find the highest rate at which a server keeps its p99 latency and answers without errors.

    The rate is doubled until the goal breaks, then bisected; each round searches anew, so the
    spread is known. Without URL a fresh Tenfold is measured with one worker and with more, and
    the Universal Scalability Law is fitted: what more workers bring, and what holds them back.

    For example:

        tenfold knee
        tenfold knee --workload writes --p99 20 --workers 1,2 --json knee.json
        tenfold knee http://127.0.0.1:8090 --superuser you@example.com
    """
    chosen = flags.chosen_workload(workload, records, seconds)
    flags.check_rounds(rounds)
    _check(p99=p99, errors=errors, start=start, precision=precision)
    goal = Goal(p99_ms=p99, error_ratio=errors)
    effort = flags.effort(connections, timeout, seed)
    with flags.stoppable(), ExitStack() as stack:
        counts = _worker_counts(workers) if url is None else [0]
        private = stack.enter_context(PrivateTenfold(counts[0])) if url is None else None
        target = (
            private.target
            if private
            else flags.named_target(str(url), superuser, allow_remote=allow_remote)
        )
        generator = stack.enter_context(Processes(flags.process_count(processes)))
        site = stack.enter_context(flags.filled(target, chosen))

        def measure(per_s: float) -> Step:
            return step_of(run(generator, site, chosen.at(per_s), effort), goal)

        knees: list[Knee] = []
        for count in counts:
            if private and private.workers != count:
                private.restart(count)
            with _shown(measure, count) as shown:
                knees.append(
                    find_knee(shown, start, workers=count, rounds=rounds, precision=precision)
                )
    report = KneeReport(this_machine(), target.name, chosen, goal, knees, _law(knees))
    _show(report)
    if json:
        write_json(json, report)
    return 0 if all(one.per_s for one in knees) else FAILED


def _check(**given: float) -> None:
    """Raises: OperatorError."""
    for name, (low, high) in LIMITS.items():
        if not low <= given[name] <= high:
            raise OperatorError(f"--{name} lies between {low:g} and {high:,g}")


def _worker_counts(text: str | None) -> list[int]:
    """1, 2, 4 and so on up to the cores, or what a flag lists. Raises: OperatorError."""
    if text is None:
        cores = len(os.sched_getaffinity(0))
        return sorted({1, cores, *(1 << n for n in range(1, cores.bit_length()))} - {0})
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 1 <= int(part[:4]) <= MAX_WORKERS for part in parts):
        raise OperatorError(f"--workers lists numbers from 1 to {MAX_WORKERS}, such as 1,2,4")
    return sorted({int(part) for part in parts})


def _law(knees: list[Knee]) -> Usl | None:
    """The scalability law over the worker counts; it takes two to tell anything."""
    return fit([(one.workers, one.per_s) for one in knees]) if len(knees) > 1 else None


@contextmanager
def _shown(measure: Callable[[float], Step], workers: int) -> Generator[Callable[[float], Step]]:
    """The same measure, which says on stderr what it is at."""
    of = f"{workers} worker{'s' if workers > 1 else ''}: " if workers else ""
    with err.status(f"{of}starting") as status:

        def measure_shown(per_s: float) -> Step:
            status.update(f"{of}{per_s:,.0f} requests/s")
            step = measure(per_s)
            err.print(f"[dim]{of}{per_s:,.0f}/s: {step.broken_by or 'good'}[/]")
            return step

        yield measure_shown


def _show(report: KneeReport) -> None:
    for one in report.knees:
        out.print(_steps(report, one))
        low, high = one.spread
        more = " or more: the generator was the limit" if one.is_lower_bound else ""
        out.print(
            f"[bold]knee: {one.per_s:,.0f} requests/s[/]{more}"
            f" ({low:,.0f} to {high:,.0f} over {len(one.rounds)} rounds)\n"
        )
    if report.law:
        out.print(_scaling(report.knees, report.law))
        out.print(_law_in_words(report.law))


def _steps(report: KneeReport, knee: Knee) -> Table:
    of = f", {knee.workers} worker{'s' if knee.workers > 1 else ''}" if knee.workers else ""
    goal = report.goal
    table = Table(
        title=f"{escape(report.target)}{of}\ngoal: p99 up to {goal.p99_ms:g} ms,"
        f" failures up to {goal.error_ratio:.2%}",
        title_justify="left",
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    for column in ("rate/s", "good/s", "p50 ms", "p99 ms"):
        table.add_column(column, justify="right")
    table.add_column("p99, doubled at each step")
    table.add_column("")
    for step in sorted(knee.steps, key=lambda step: step.per_s):
        color = "red" if step.broken_by else "green"
        table.add_row(
            f"{step.per_s:,.0f}",
            f"{step.good_per_s:,.0f}",
            f"{step.p50_ms:,.2f}",
            f"{step.p99_ms:,.2f}",
            f"[{color}]{_bar(step.p99_ms, goal.p99_ms)}[/]",
            step.broken_by,
        )
    return table


def _bar(latency_ms: float, goal_ms: float) -> str:
    """Doubling the latency makes the bar longer by one; the goal stands in the middle."""
    doublings = math.log2(max(latency_ms, 1e-3) / goal_ms)
    return "█" * max(1, min(BAR_WIDTH, round(BAR_WIDTH / 2 + doublings)))


def _scaling(knees: list[Knee], law: Usl) -> Table:
    table = Table(
        title="more workers", title_justify="left", box=None, header_style="bold", pad_edge=False
    )
    for column in ("workers", "knee/s", "law/s", "times one"):
        table.add_column(column, justify="right")
    measured = {one.workers: one.per_s for one in knees}
    for workers in sorted({*measured, 2 * max(measured)}):
        table.add_row(
            str(workers),
            f"{measured[workers]:,.0f}" if workers in measured else "",
            f"{law.rate(workers):,.0f}",
            f"{law.rate(workers) / law.rate_of_one:.2f}",
        )
    return table


def _law_in_words(law: Usl) -> str:
    best = law.best_workers
    most = "" if math.isinf(best) else f", most at {best:.0f} workers"
    caution = " (two points can't tell the two apart)" if law.points < CERTAIN_POINTS else ""
    return (
        f"Universal Scalability Law: one worker {law.rate_of_one:,.0f}/s,"
        f" contention {law.contention:.1%}, coherency {law.coherency:.2%}{most};"
        f" fits within {law.error_ratio:.1%}{caution}"
    )
