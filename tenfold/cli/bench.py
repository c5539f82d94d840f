"""`tenfold bench`: load a server and tell how it answers."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli import load_options as flags
from tenfold.cli.console import FAILED, err, out
from tenfold.measure import (
    BenchReport,
    Effort,
    PrivateTenfold,
    Processes,
    RunResult,
    Target,
    Workload,
    run,
    this_machine,
    write_json,
)


def bench(
    url: flags.Url = None,
    /,
    *,
    workload: flags.WorkloadName = "default",
    rate: Annotated[
        float | None, Parameter(help="Requests a second, instead of the workload's.")
    ] = None,
    seconds: flags.Seconds = None,
    records: flags.Records = None,
    rounds: flags.Rounds = 3,
    superuser: flags.Superuser = None,
    against: Annotated[
        str | None, Parameter(help="A second server, measured in turn with the first.")
    ] = None,
    against_superuser: Annotated[
        str | None, Parameter(help="Its superuser, when it is another one.")
    ] = None,
    workers: Annotated[int, Parameter(help="Workers of the fresh Tenfold; 0: one per core.")] = 0,
    connections: flags.Connections = 64,
    processes: flags.Processes_ = 0,
    timeout: flags.Timeout = 10.0,
    seed: flags.Seed = 1,
    allow_remote: flags.AllowRemote = False,
    json: flags.Json = None,
) -> int:
    """Load a server at a planned rate, check every answer, show how long they took.

    Each request leaves when it is planned, whether or not earlier ones were answered, and its
    latency counts from that moment: what users feel when a server stalls. What the load needs is
    made in collections of its own and removed in the end. Any server that speaks PocketBase's
    API will do. A run in which the load generator itself was the limit does not count.

    For example:

        tenfold bench
        tenfold bench --rate 5000 --workload app --json bench.json
        tenfold bench http://127.0.0.1:8090 --superuser you@example.com
        tenfold bench --against http://127.0.0.1:8091 --against-superuser you@example.com:PW
    """
    chosen = flags.chosen_workload(workload, records, seconds, rate)
    flags.check_rounds(rounds)
    effort = flags.effort(connections, timeout, seed)
    with flags.stoppable(), ExitStack() as stack:
        first = (
            stack.enter_context(PrivateTenfold(workers)).target
            if url is None
            else flags.named_target(url, superuser, allow_remote=allow_remote)
        )
        targets = [first]
        if against is not None:
            whose = against_superuser or superuser
            targets.append(flags.named_target(against, whose, allow_remote=allow_remote))
        generator = stack.enter_context(Processes(flags.process_count(processes)))
        runs = _rounds(stack, generator, targets, chosen, rounds, effort)
    _tell(chosen, runs)
    _tell_problems(runs)
    if json:
        write_json(json, BenchReport(this_machine(), seed, runs))
    return 0 if any(result.counts for result in runs) else FAILED


def _rounds(
    stack: ExitStack,
    generator: Processes,
    targets: list[Target],
    workload: Workload,
    rounds: int,
    effort: Effort,
) -> list[RunResult]:
    """All rounds, the targets in turn."""
    sites = [stack.enter_context(flags.filled(target, workload)) for target in targets]
    results: list[RunResult] = []
    with err.status("") as status:
        for number in range(1, rounds + 1):
            for target, site in zip(targets, sites, strict=True):
                status.update(f"round {number} of {rounds}: {escape(target.name)}")
                results.append(
                    run(generator, site, workload, effort, target=target.name, round_=number)
                )
    return results


def _tell(workload: Workload, runs: list[RunResult]) -> None:
    out.print(f"[bold]{escape(workload.title or 'workload')}[/]\n{_rate_in_words(workload)}")
    for target in dict.fromkeys(result.target for result in runs):
        out.print()
        out.print(_table(target, [result for result in runs if result.target == target]))
    used = statistics.median(result.generator.cpu_us_per_request for result in runs)
    out.print(
        f"\nLatencies in ms from the planned send time; {runs[0].sent:,} requests a round on"
        f" {runs[0].generator.connections} connections. The generator took {used:.0f} µs of"
        " processor time for each; its load is its share of a core."
    )


def _rate_in_words(workload: Workload) -> str:
    rate = workload.rate
    upto = f" to {rate.peak_per_s:,g}" if rate.peak_per_s else ""
    return f"{rate.shape}, {rate.per_s:,g}{upto} requests/s for {rate.duration_s:g} s"


def _table(target: str, runs: list[RunResult]) -> Table:
    table = Table(
        title=escape(target), title_justify="left", box=None, header_style="bold", pad_edge=False
    )
    table.add_column("round")
    for column in ("good/s", "p50", "p90", "p99", "p99.9", "max", "failed", "load"):
        table.add_column(column, justify="right")
    for result in runs:
        table.add_row(str(result.round), *_figures(result), style="" if result.counts else "dim")
    counting = [result for result in runs if result.counts]
    if len(counting) > 1:
        table.add_row("median", *_medians(counting), style="bold")
        table.add_row("±", *_spreads(counting))
    return table


_FIGURES: tuple[tuple[Callable[[RunResult], float], str], ...] = (
    (lambda result: result.good_per_s, ",.0f"),
    (lambda result: result.latencies.p50_ms, ",.2f"),
    (lambda result: result.latencies.p90_ms, ",.2f"),
    (lambda result: result.latencies.p99_ms, ",.2f"),
    (lambda result: result.latencies.p999_ms, ",.2f"),
    (lambda result: result.latencies.max_ms, ",.2f"),
    (lambda result: result.failed, ",.0f"),
    (lambda result: result.generator.busiest_ratio, ".0%"),
)


def _figures(result: RunResult) -> list[str]:
    return [format(figure(result), shape) for figure, shape in _FIGURES]


def _medians(runs: list[RunResult]) -> list[str]:
    return [
        format(statistics.median(figure(result) for result in runs), shape)
        for figure, shape in _FIGURES
    ]


def _spreads(runs: list[RunResult]) -> list[str]:
    """Half of the way from the lowest round to the highest."""
    values = [[figure(result) for result in runs] for figure, _ in _FIGURES]
    halves = [(max(of_one) - min(of_one)) / 2 for of_one in values]
    return [format(half, shape) for half, (_, shape) in zip(halves, _FIGURES, strict=True)]


def _tell_problems(runs: list[RunResult]) -> None:
    for result in runs:
        where = f"{escape(result.target)}, round {result.round}"
        for why, count in result.errors.items():
            err.print(f"[yellow]{where}:[/] {count:,} of {result.planned:,}: {escape(why)}")
        if result.generator.limit:
            err.print(f"[red]{where} does not count:[/] {escape(result.generator.limit)}")
        told = result.realtime
        if told:
            out.print(
                f"{where}: {told.received:,} of {told.expected:,} events reached"
                f" {told.connected:,} of {told.subscribers:,} subscribers,"
                f" p50 {told.latencies.p50_ms:,.1f} ms, p99 {told.latencies.p99_ms:,.1f} ms"
            )
