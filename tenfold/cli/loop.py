"""`tenfold loop`: measure, advise, take the step, measure again, as long as it pays."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli import load_options as flags
from tenfold.cli.advise import gain_in_words
from tenfold.cli.console import err, out
from tenfold.errors import OperatorError
from tenfold.measure import Goal, PrivateTenfold, Processes, write_json
from tenfold.measure.loop import Growing, LoopReport, Turn
from tenfold.measure.loop import loop as go_around
from tenfold.measure.loop_history import Growth, add_to_history, history_file
from tenfold.measure.loop_push import Bed

MEASURED_S = 8.0


def loop(
    url: flags.Url = None,
    /,
    *,
    workload: flags.WorkloadName = "default",
    seconds: Annotated[
        float, Parameter(help="How long each full server is measured.")
    ] = MEASURED_S,
    records: flags.Records = None,
    yes: Annotated[bool, Parameter(help="Take every step without asking.", negative=())] = False,
    p99: Annotated[float, Parameter(help="Goal: the p99 latency in ms.")] = 50.0,
    errors: Annotated[float, Parameter(help="Goal: the share of failures, 0.001 is 0.1%.")] = 0.001,
    superuser: flags.Superuser = None,
    workers: Annotated[int, Parameter(help="Workers of the fresh Tenfold to begin with.")] = 1,
    connections: flags.Connections = 64,
    processes: flags.Processes_ = 0,
    timeout: flags.Timeout = 5.0,
    seed: flags.Seed = 1,
    history: Annotated[
        Path | None,
        Parameter(
            help="Where steps are written down. [default: ~/.local/share/tenfold/growth.json]",
            negative=(),
        ),
    ] = None,
    json: flags.Json = None,
) -> None:
    """Grow a server step by step: load it until it is full, name the bottleneck, take the step.

    After each step the server is loaded again, and what was predicted stands beside what came of
    it. It ends when the next step can't be taken from here, would not pay, or is declined. Of a
    server that is named by its URL only indexes can be changed; a fresh one is started anew with
    other settings, too.

    For example:

        tenfold loop
        tenfold loop --workload app --yes --json loop.json
        tenfold loop http://127.0.0.1:8090 --superuser you@example.com
    """
    chosen = flags.chosen_workload(workload, records, None)
    effort = flags.effort(connections, timeout, seed)
    if not yes and not sys.stdin.isatty():
        raise OperatorError("nobody can be asked here", hint="--yes takes every step")
    where = history or history_file()

    def told(grown: Growth) -> None:
        add_to_history(where, grown)
        out.print(_in_words(grown))

    with flags.stoppable(), ExitStack() as stack:
        private = stack.enter_context(PrivateTenfold(workers)) if url is None else None
        target = (
            private.target
            if private
            else flags.named_target(str(url), superuser, allow_remote=False)
        )
        generator = stack.enter_context(Processes(flags.process_count(processes)))
        site = stack.enter_context(flags.filled(target, chosen))
        report = go_around(
            Growing(Bed(generator, target, site, effort), private, chosen, seconds),
            chosen.rate.per_s,
            agree=lambda turn: _agree(turn, always=yes),
            told=told,
            tell=lambda doing: err.print(f"[dim]{escape(doing)} ...[/]"),
            goal=Goal(p99_ms=p99, error_ratio=errors),
        )
    _show(report)
    if json:
        write_json(json, report)


def _agree(turn: Turn, *, always: bool) -> bool:
    found = turn.advice.bottleneck
    out.print(
        f"\n[bold]{turn.full.per_s:,.0f} answers/s[/], then: {escape(found.title)}"
        f"\n  {escape(found.step.text)}\n  predicted: {gain_in_words(found)}"
    )
    if always:
        return True
    return input("Take this step? [y/N] ").strip().lower() in ("y", "yes")


def _in_words(grown: Growth) -> str:
    return (
        f"  measured:  x{grown.measured_ratio:.2f} ({grown.before_per_s:,.0f} to"
        f" {grown.after_per_s:,.0f}/s), the prediction was off by {grown.off_ratio:+.0%}"
    )


def _show(report: LoopReport) -> None:
    if report.growth:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("bottleneck", "step"):
            table.add_column(column)
        for column in ("before/s", "after/s", "predicted", "measured", "off by"):
            table.add_column(column, justify="right")
        for grown in report.growth:
            table.add_row(
                grown.bottleneck,
                grown.step.kind,
                f"{grown.before_per_s:,.0f}",
                f"{grown.after_per_s:,.0f}",
                f"x{grown.predicted.ratio:.2f}",
                f"x{grown.measured_ratio:.2f}",
                f"{grown.off_ratio:+.0%}",
            )
        out.print()
        out.print(table)
    last = report.turns[-1]
    out.print(
        f"\n[bold]{last.full.per_s:,.0f} answers/s when full.[/] Ended: {escape(report.ended)}"
    )
