"""`tenfold advise`: what is short, what to do next, and what that would bring."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli import load_options as flags
from tenfold.cli.console import err, out
from tenfold.measure import Goal, PrivateTenfold, Processes, read_json, write_json
from tenfold.measure.advise import advise as advice_on
from tenfold.measure.advise_values import Advice, Finding
from tenfold.measure.loop_push import Bed, push
from tenfold.measure.profile_run import ProfiledRun, profiled_run

BAR_WIDTH = 24
SHOWN_OTHERS = 3
MEASURED_S = 8.0


@dataclass(frozen=True, slots=True)
class AdviceReport:
    """All of `tenfold advise`, as `--json` writes it."""

    advice: Advice
    found: ProfiledRun


def advise(
    url: flags.Url = None,
    /,
    *,
    workload: flags.WorkloadName = "default",
    rate: Annotated[
        float | None, Parameter(help="Requests a second, instead of the workload's.")
    ] = None,
    seconds: flags.Seconds = None,
    records: flags.Records = None,
    full: Annotated[
        bool,
        Parameter(help="Raise the rate until the server is full: what breaks first?", negative=()),
    ] = False,
    profile: Annotated[
        Path | None,
        Parameter(help="A file of tenfold profile --json: measure nothing.", negative=()),
    ] = None,
    p99: Annotated[float, Parameter(help="Goal: the p99 latency in ms.")] = 50.0,
    errors: Annotated[float, Parameter(help="Goal: the share of failures, 0.001 is 0.1%.")] = 0.001,
    superuser: flags.Superuser = None,
    workers: Annotated[int, Parameter(help="Workers of the fresh Tenfold; 0: one per core.")] = 0,
    connections: flags.Connections = 64,
    processes: flags.Processes_ = 0,
    timeout: flags.Timeout = 10.0,
    seed: flags.Seed = 1,
    json: flags.Json = None,
) -> None:
    """Say what a server is short of, what to do about it, and what that would bring.

    Measures first: load at the workload's rate, and a profile of the server meanwhile. Names the
    one bottleneck with its evidence and the next step, the cheapest that pays: an index, a
    setting, a worker, a mended hook, hardware, the next stage. Where the goal is kept with room
    to spare it says that nothing is needed; --full then finds what would break first.

    For example:

        tenfold advise
        tenfold advise --workload app --full
        tenfold advise http://127.0.0.1:8090 --superuser you@example.com --rate 2000
        tenfold advise --profile profile.json
    """
    goal = Goal(p99_ms=p99, error_ratio=errors)
    if profile:
        found = read_json(profile, ProfiledRun)
    else:
        chosen = flags.chosen_workload(workload, records, seconds, rate)
        effort = flags.effort(connections, timeout, seed)
        with flags.stoppable(), ExitStack() as stack:
            target = (
                stack.enter_context(PrivateTenfold(workers)).target
                if url is None
                else flags.named_target(url, superuser, allow_remote=False)
            )
            generator = stack.enter_context(Processes(flags.process_count(processes)))
            site = stack.enter_context(flags.filled(target, chosen))
            with err.status("load, and a look at the server"):
                if full:
                    bed = Bed(generator, target, site, effort)
                    found = push(bed, chosen, chosen.rate.per_s, seconds or MEASURED_S).found
                else:
                    found = profiled_run(generator, target, site, chosen, effort)
    advice = advice_on(found, goal)
    show(advice)
    if json:
        write_json(json, AdviceReport(advice, found))


def show(advice: Advice) -> None:
    """For people."""
    found = advice.bottleneck
    color = "red" if advice.is_needed else "green"
    out.print(f"[bold {color}]{escape(found.title)}[/] [dim]({found.name})[/]")
    for line in found.evidence:
        out.print(f"  - {escape(line)}")
    out.print(f"\n[bold]next step:[/] {escape(found.step.text)}")
    if advice.is_needed:
        out.print(f"[bold]it would bring:[/] {gain_in_words(found)}")
        out.print(f"  {escape(found.gain.formula)}", style="dim")
    out.print()
    out.print(_parts(advice))
    for other in advice.others[:SHOWN_OTHERS]:
        out.print(f"also: {escape(other.title)} ({other.share:.0%}). {escape(other.step.text)}")
    for note in advice.notes:
        err.print(f"[yellow]note:[/] {escape(note)}")


def gain_in_words(found: Finding) -> str:
    """The predicted gain, with how sure it is."""
    gain = found.gain
    return (
        f"x{gain.ratio:.2f} (most likely x{gain.low:.2f} to x{gain.high:.2f};"
        f" confidence {gain.confidence})"
    )


def _parts(advice: Advice) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("part")
    table.add_column("busy", justify="right")
    table.add_column("")
    table.add_column("")
    for part in advice.parts:
        bar = "█" * round(part.busy_ratio * BAR_WIDTH)
        table.add_row(part.name, f"{part.busy_ratio:.0%}", bar, escape(part.detail))
    return table
