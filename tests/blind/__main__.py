"""`make blind`: every planted bottleneck, and a table of what was named and what it brought."""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tenfold.measure import Processes, write_json
from tests.blind.overhead import overhead
from tests.blind.planted import ALL, NOT_HERE
from tests.blind.trial import SECONDS, Outcome, attempt

RIGHT_WANTED = 11 / 12
WIDTH = 130
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def main() -> int:
    """Run the trials that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m tests.blind", description=__doc__)
    parser.add_argument("names", nargs="*", help="some of: " + ", ".join(p.name for p in ALL))
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of one run")
    parser.add_argument("--json", type=Path, help="also write all figures to a file")
    parser.add_argument("--evidence", action="store_true", help="show what was found, in full")
    parser.add_argument("--no-overhead", action="store_true", help="leave out what profiling costs")
    arguments = parser.parse_args()
    chosen = [p for p in ALL if not arguments.names or p.name in arguments.names]
    outcomes: list[Outcome] = []
    with Processes(1) as generator:
        for planted in chosen:
            with console.status(f"{planted.name}: {planted.what}"):
                outcomes.append(attempt(planted, generator, arguments.seconds))
            _tell(outcomes[-1], in_full=arguments.evidence)
        console.print(table(outcomes))
        if not arguments.no_overhead:
            with console.status("what profiling costs"):
                cost = overhead(generator)
            console.print(f"profiling costs {cost.ratio:.1%} of the throughput ({cost.shown})")
    if arguments.json:
        write_json(arguments.json, [(o.planted.name, o.advice, o.found) for o in outcomes])
    right = statistics.mean(o.is_right for o in outcomes)
    return 0 if right >= RIGHT_WANTED else 1


def _tell(outcome: Outcome, *, in_full: bool) -> None:
    found = outcome.advice.bottleneck
    mark = "right" if outcome.is_right else "WRONG"
    console.print(f"{outcome.planted.name}: {found.name}, {mark}")
    if in_full or not outcome.is_right:
        for line in (*found.evidence, found.step.text, found.gain.formula):
            console.print(f"    {line}", style="dim", markup=False)
        for other in outcome.advice.others:
            console.print(f"    also {other.name}: {other.share:.0%}", style="dim", markup=False)
        for part in outcome.advice.parts[:5]:
            console.print(
                f"    {part.name} {part.busy_ratio:.0%}: {part.detail}", style="dim", markup=False
            )


def table(outcomes: list[Outcome]) -> Table:
    """The blind test as people read it."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("planted", "named", "right", "next step"):
        shown.add_column(column)
    for column in ("before/s", "after/s", "predicted", "measured", "off by"):
        shown.add_column(column, justify="right")
    for outcome in outcomes:
        found = outcome.advice.bottleneck
        is_measured = outcome.after_per_s > 0
        off = outcome.predicted / outcome.measured - 1 if is_measured else 0.0
        shown.add_row(
            outcome.planted.name,
            found.name,
            "yes" if outcome.is_right else "no",
            found.step.kind,
            f"{outcome.before_per_s:,.0f}",
            f"{outcome.after_per_s:,.0f}" if is_measured else "-",
            f"x{outcome.predicted:.2f}",
            f"x{outcome.measured:.2f}" if is_measured else "not here",
            f"{off:+.0%}" if is_measured else "",
        )
    for name, why in NOT_HERE.items():
        shown.add_row(name, "-", "-", why)
    right = sum(o.is_right for o in outcomes)
    close = [o.is_close for o in outcomes if o.after_per_s]
    shown.caption = (
        f"{right} of {len(outcomes)} named right; {sum(close)} of {len(close)} predictions within"
        " 25%"
    )
    return shown


if __name__ == "__main__":
    sys.exit(main())
