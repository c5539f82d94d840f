"""`tenfold status`: how the parts of a fleet are."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.markup import escape

from tenfold.cli.console import FAILED, out
from tenfold.cli.fleet import DEFAULT, FleetDir, fleet_folder, show
from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.observe import Observed, observe
from tenfold.cluster.supervisor import PartReport, Report, read_report, supervising


def status(
    *,
    dir: FleetDir = DEFAULT,
    json: Annotated[bool, Parameter(help="Print JSON for programs.", negative=())] = False,
) -> int:
    """Show how the parts of a fleet are, each probed just now.

    The exit code is 0 when all is well, else 1.

    For example:

        tenfold status
        tenfold status --dir /srv/fleet --json
    """
    folder = fleet_folder(dir)
    parts = asyncio.run(observe(folder, folder.topology()))
    report = read_report(folder)
    if json:
        out.print_json(msgspec.json.encode(_told(folder, parts, report)).decode())
    else:
        _show(folder, parts, report)
    return FAILED if any(part.problem for part in parts) else 0


def _show(folder: FleetFolder, parts: list[Observed], report: Report) -> None:
    plan, found = folder.plan(), supervising(folder)
    watched = f"watched by process {found.pid}" if found else "[yellow]nobody watches it[/]"
    place = escape(str(folder.path))
    out.print(f"[bold]{plan.stage}[/] on http://{plan.http}, {watched} ({place})")
    show(parts, report)


def _told(folder: FleetFolder, parts: list[Observed], report: Report) -> dict[str, object]:
    plan, found = folder.plan(), supervising(folder)
    return {
        "dir": str(folder.path),
        "stage": plan.stage,
        "url": f"http://{plan.http}",
        "supervisor": found.pid if found else None,
        "isWell": not any(part.problem for part in parts),
        "parts": [_part(one, report.parts.get(one.part.name, PartReport())) for one in parts],
    }


def _part(one: Observed, known: PartReport) -> dict[str, object]:
    return {
        "name": one.part.name,
        "role": one.part.role,
        "engine": one.part.engine,
        "host": one.part.host,
        "address": one.address,
        "pid": one.running.process.pid if one.running else None,
        "isWell": not one.problem,
        "problem": one.problem,
        "ageSeconds": round(one.age_s, 1),
        "memoryBytes": one.memory_bytes,
        "starts": known.starts,
        "failures": known.failures,
    }
