"""`tenfold report`: one page about a server, what it carries and what breaks first."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tenfold.cli import load_options as flags
from tenfold.cli.advise import show
from tenfold.cli.console import err, out
from tenfold.measure import Goal, PrivateTenfold, Processes, write_json
from tenfold.measure.loop_history import history_file, read_history
from tenfold.measure.loop_push import Bed
from tenfold.measure.report import make_report, write_report

MEASURED_S = 8.0


def report(
    url: flags.Url = None,
    /,
    *,
    output: Annotated[
        Path, Parameter(help="The page; its figures stand beside it as .json.", negative=())
    ] = Path("report.html"),
    workload: flags.WorkloadName = "default",
    rate: Annotated[
        float | None, Parameter(help="Requests a second, instead of the workload's.")
    ] = None,
    seconds: flags.Seconds = None,
    records: flags.Records = None,
    p99: Annotated[float, Parameter(help="Goal: the p99 latency in ms.")] = 50.0,
    errors: Annotated[float, Parameter(help="Goal: the share of failures, 0.001 is 0.1%.")] = 0.001,
    superuser: flags.Superuser = None,
    workers: Annotated[int, Parameter(help="Workers of the fresh Tenfold; 0: one per core.")] = 0,
    connections: flags.Connections = 64,
    processes: flags.Processes_ = 0,
    timeout: flags.Timeout = 5.0,
    seed: flags.Seed = 1,
    history: Annotated[
        Path | None,
        Parameter(
            help="Growth steps so far. [default: ~/.local/share/tenfold/growth.json]", negative=()
        ),
    ] = None,
    json: flags.Json = None,
) -> None:
    """Measure a server and write one page about it, that needs nothing else to be read.

    Its latencies and throughput at the workload's rate, then what it carries when it is full,
    how busy each part is, where the time goes, what breaks first and what to do about it, and
    what was predicted of earlier steps beside what came of them.

    For example:

        tenfold report
        tenfold report --workload app --output app.html
        tenfold report http://127.0.0.1:8090 --superuser you@example.com
    """
    chosen = flags.chosen_workload(workload, records, seconds, rate)
    effort = flags.effort(connections, timeout, seed)
    growth = read_history(history or history_file())
    with flags.stoppable(), ExitStack() as stack:
        target = (
            stack.enter_context(PrivateTenfold(workers)).target
            if url is None
            else flags.named_target(url, superuser, allow_remote=False)
        )
        generator = stack.enter_context(Processes(flags.process_count(processes)))
        site = stack.enter_context(flags.filled(target, chosen))
        found = make_report(
            Bed(generator, target, site, effort),
            chosen,
            growth,
            seconds=seconds or MEASURED_S,
            tell=lambda doing: err.print(f"[dim]{doing} ...[/]"),
            goal=Goal(p99_ms=p99, error_ratio=errors),
        )
    beside = write_report(output, found)
    out.print(f"[bold]full at {found.full.run.good_per_s:,.0f} answers/s[/]; what breaks first:")
    show(found.full_advice)
    out.print(f"\n{output} and {beside}")
    if json:
        write_json(json, found)
