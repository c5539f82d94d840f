"""What the commands for fleets share: the folder, the missing programs, the table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from tenfold.cli.console import out
from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.observe import Observed
from tenfold.cluster.supervisor import Report
from tenfold.cluster.topology import Topology
from tenfold.engines import ENGINES
from tenfold.errors import OperatorError

DEFAULT = Path("tenfold_fleet")
WIDTH = 160

FleetDir = Annotated[
    Path, Parameter(name="--dir", help="The fleet's folder. [default: tenfold_fleet]", negative=())
]


def fleet_folder(path: Path) -> FleetFolder:
    """The folder of a fleet, whichever way it is named."""
    return FleetFolder(path.expanduser().resolve())


def check_programs(topology: Topology) -> None:
    """Raises: OperatorError that names every missing program and what installs it."""
    engines = {part.engine: ENGINES[part.engine] for part in topology.parts}
    missing = {
        program.name: program.install
        for engine in engines.values()
        for program in engine.programs
        if program.find() is None
    }
    if missing:
        installs = "\n       ".join(dict.fromkeys(missing.values()))
        raise OperatorError(f"missing programs: {', '.join(missing)}", hint=installs)


def table(parts: Iterable[Observed], report: Report) -> Table:
    """The parts, one a line."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("part", "engine", "address", "state", "process", "since"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("starts", "memory"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("problem")
    for one in parts:
        known = report.parts.get(one.part.name)
        shown.add_row(
            one.part.name,
            one.part.engine,
            one.address,
            state(one),
            str(one.running.process.pid) if one.running else "-",
            _age(one.age_s) if one.running else "-",
            str(known.starts) if known and known.starts else "-",
            decimal(one.memory_bytes) if one.running else "-",
            _plain(one.problem),
        )
    return shown


def show(parts: Iterable[Observed], report: Report) -> None:
    """Print the table; in full width where no window sets a limit."""
    wide = out if out.is_terminal else Console(highlight=False, width=WIDTH)
    wide.print(table(parts, report))


def state(one: Observed) -> str:
    """A part's state in a coloured word."""
    if one.running is None:
        return "[red]down[/]"
    return "[yellow]unwell[/]" if one.problem else "[green]well[/]"


def _plain(text: str) -> str:
    return text.replace("[", "\\[").splitlines()[0] if text else ""


def _age(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
