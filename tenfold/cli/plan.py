"""`tenfold plan`: what would this take, at every stage, and what would it cost?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from tenfold.cli import load_options as flags
from tenfold.cli.console import err, out
from tenfold.errors import OperatorError
from tenfold.measure import write_json
from tenfold.measure.plan import plan as plan_for
from tenfold.measure.plan import server_per_s
from tenfold.measure.plan_day import Day, Policy, day_load, simulate_day, usual_spikes
from tenfold.measure.plan_machine import (
    MachineFigures,
    figures_file,
    measure_machine,
    read_figures,
    save_figures,
)
from tenfold.measure.plan_prices import default_text, load_prices
from tenfold.measure.plan_values import (
    Demand,
    Line,
    Plan,
    parse_bytes,
    parse_count,
    parse_rate,
)

BARS = "▁▂▃▄▅▆▇█"
CHART_WIDTH = 72
MAX_PEAK_RATIO = 100.0
WIDTH = 140
"""Of tables that go to a file or a pipe."""

QUARTER_DAY = 4


@dataclass(frozen=True, slots=True)
class PlanReport:
    """All of `tenfold plan`, as `--json` writes it."""

    plan: Plan
    figures: MachineFigures
    day: Day


def plan(
    *,
    users: Annotated[str, Parameter(help="How many users there are, such as 10M.")] = "10M",
    writes: Annotated[str, Parameter(help="Such as 1e9/month or 400/s.")] = "1e9/month",
    reads: Annotated[str, Parameter(help="Such as 1e11/month or 40K/s.")] = "1e11/month",
    size: Annotated[str, Parameter(help="Bytes of one write, such as 1KB.")] = "1KB",
    peak: Annotated[
        float | None,
        Parameter(help="The busiest minute, in averages. [default: of the price file]"),
    ] = None,
    prices: Annotated[Path | None, Parameter(help="A price file, TOML.", negative=())] = None,
    show_prices: Annotated[
        bool, Parameter(help="Print the price file that comes with Tenfold.", negative=())
    ] = False,
    measure: Annotated[
        bool, Parameter(help="Measure this machine first, and keep the figures.", negative=())
    ] = False,
    figures: Annotated[
        Path | None,
        Parameter(
            help="The figures of the machine. [default: ~/.local/share/tenfold/machine.json]",
            negative=(),
        ),
    ] = None,
    json: flags.Json = None,
) -> None:
    """Size every stage of the ladder for a load, with the formula behind each figure.

    What a request costs was measured on this machine (--measure); what can't be measured here is
    an assumption of the price file, and marked so. A simulated day with spikes shows what
    autoscaling would do.

    For example:

        tenfold plan --measure
        tenfold plan --users 10M --writes 1e9/month --reads 1e11/month --size 1KB
        tenfold plan --show-prices > prices.toml
        tenfold plan --users 50K --reads 200/s --writes 2/s --prices prices.toml --json plan.json
    """
    if show_prices:
        out.out(default_text(), end="", highlight=False)
        return
    chosen = load_prices(prices)
    where = figures or figures_file()
    known = _measured(where) if measure else read_figures(where)
    peak_ratio = peak or chosen.assume["peak_ratio"]
    if not 1 <= peak_ratio <= MAX_PEAK_RATIO:
        raise OperatorError(f"--peak lies between 1 and {MAX_PEAK_RATIO:g}")
    demand = Demand(
        users=parse_count(users),
        writes_per_s=parse_rate(writes),
        reads_per_s=parse_rate(reads),
        record_bytes=parse_bytes(size),
        peak_ratio=peak_ratio,
    )
    found = plan_for(demand, known, chosen)
    spikes = usual_spikes(peak_ratio)
    load = day_load(demand.reads_per_s + demand.writes_per_s, peak_ratio, spikes)
    carried = server_per_s(demand, known, chosen)
    policy = Policy(wanted_ratio=chosen.assume["busy_ratio"])
    day = simulate_day(load, carried, policy, spikes)
    _show(found, known)
    _show_day(day, policy, carried)
    if json:
        write_json(json, PlanReport(found, known, day))


def _measured(where: Path) -> MachineFigures:
    with flags.stoppable(), err.status("") as status:
        known = measure_machine(lambda kind: status.update(f"measuring: {kind}"))
    save_figures(where, known)
    return known


def _show(found: Plan, known: MachineFigures) -> None:
    machine = known.machine
    out.print(
        f"Measured on {escape(machine.processor)}, {machine.cores} cores, Tenfold"
        f" {machine.tenfold}."
    )
    if known.others_cores > 0.2 * machine.cores:
        err.print(
            f"[yellow]note:[/] other programs took {known.others_cores:.1f} cores when this machine"
            " was measured: requests seem dearer than they are"
        )
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("figure")
    table.add_column("", justify="right")
    for column in ("", "formula", ""):
        table.add_column(column)
    for line in found.lines:
        table.add_row(line.name, _number(line), line.unit, escape(line.formula), line.source)
    out.print(table, width=None if out.is_terminal else WIDTH)
    advised = found.advised
    for stage in found.stages:
        mark = "[green]carries it[/]" if not stage.fails else f"[red]no:[/] {escape(stage.fails)}"
        cost = f"{stage.month:,.0f} {found.currency}/month"
        out.print(f"\n[bold]stage {stage.name}[/], {cost}: {mark}")
        for part in stage.parts:
            out.print(
                f"  {part.count:>3} {part.name:<14} {part.size:<34} {part.month:>10,.0f}"
                f"  [dim]{escape(part.formula)}[/]"
            )
    if advised:
        out.print(f"\nThe first stage that carries it: [bold]{advised.name}[/]")


def _number(line: Line) -> str:
    return f"{line.value:,.0f}" if line.value >= 100 else f"{line.value:,.2f}"


def _show_day(day: Day, policy: Policy, carried: float) -> None:
    wanted = [tick.wanted_per_s for tick in day.ticks]
    servers = [float(tick.servers) for tick in day.ticks]
    out.print(
        f"\n[bold]A day with autoscaling[/]: a server carries {carried:,.0f}/s, is added above"
        f" {policy.out_above_ratio:.0%}, starts in {policy.starts_in_s:g} s, leaves below"
        f" {policy.in_below_ratio:.0%}"
    )
    out.print(f"  load     {_bars(wanted)}  up to {max(wanted):,.0f}/s")
    out.print(f"  servers  {_bars(servers)}  {min(servers):.0f} to {day.most_servers}")
    hours = "".join(f"{hour:<{CHART_WIDTH // QUARTER_DAY}}" for hour in (0, 6, 12, 18))
    out.print(f"  hour     {hours}")
    out.print(
        f"  {day.server_hours:,.0f} server hours instead of {day.fixed_servers * 24:,}"
        f" ({day.fixed_servers} servers all day): {day.saved_ratio:.0%} spared;"
        f" {day.late_ratio:.3%} of the requests came while servers were too few"
        f" ({day.late_s:,.0f} s, after spikes)"
    )


def _bars(values: list[float]) -> str:
    """A line of bars, each the highest of its part of the day."""
    size = len(values) / CHART_WIDTH
    highest = max(values) or 1.0
    parts = [values[int(n * size) : int((n + 1) * size)] for n in range(CHART_WIDTH)]
    return "".join(BARS[round(max(part) / highest * (len(BARS) - 1))] for part in parts)
