"""`tenfold up` and `tenfold down`: run a whole stage on this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Group
from rich.live import Live
from rich.markup import escape

from tenfold.cli.console import FAILED, out
from tenfold.cli.fleet import DEFAULT, FleetDir, check_programs, fleet_folder, show, table
from tenfold.cluster import supervisor
from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.observe import observe
from tenfold.cluster.supervisor import Hold, Supervisor
from tenfold.cluster.topology import Topology
from tenfold.engines import Program
from tenfold.errors import OperatorError
from tenfold.settings import SettingsError

WELL_LIMIT_S = 300.0
DOWN_LIMIT_S = 180.0
LOOK_S = 0.1
VIEW_PER_S = 2
TAIL_LINES = 15
MOST_FAILURES = 5
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    stage: Annotated[Literal["split"], Parameter(help="Which stage: split.")],
    /,
    *,
    dir: FleetDir = DEFAULT,
    http: Annotated[
        str | None, Parameter(help="Where the service listens. [default: 127.0.0.1:8090]")
    ] = None,
    detach: Annotated[
        bool, Parameter(help="Return when everything is well and leave it running.", negative=())
    ] = False,
) -> int:
    """Run a whole stage on this machine: every part, each on a loopback address of its own.

    `split` is MariaDB, SeaweedFS and the service, with TLS between them and everything
    encrypted at rest. What dies is started again. Ctrl-C ends it all; so does tenfold down.

    For example:

        tenfold up split
        tenfold up split --dir /srv/fleet --http 127.0.0.1:8090 --detach
    """
    folder = fleet_folder(dir)
    try:
        topology = folder.make(stage, http)
    except ValueError as error:
        raise SettingsError([f"--http must be {error}"]) from None
    check_programs(topology)
    if detach:
        return _detach(folder, topology)
    hold = Hold(folder)
    try:
        asyncio.run(_run(folder, topology))
    finally:
        hold.release()
    return 0


def down(*, dir: FleetDir = DEFAULT) -> int:
    """End a fleet and all its processes, also those that a killed `up` has left.

    For example: tenfold down --dir /srv/fleet
    """
    folder = fleet_folder(dir)
    topology = folder.topology()
    found = supervisor.supervising(folder)
    if found is not None:
        os.kill(found.pid, signal.SIGTERM)
        ends_at = time.monotonic() + DOWN_LIMIT_S
        while found.is_alive:
            if time.monotonic() > ends_at:
                raise OperatorError(f"process {found.pid}, which runs the fleet, does not end")
            time.sleep(LOOK_S)
    hold = Hold(folder)
    try:
        ended = asyncio.run(supervisor.stop_all(folder, topology, _print))
    finally:
        hold.release()
    out.print("The fleet is down." if found or ended else "Nothing was running.")
    return 0


async def _run(folder: FleetFolder, topology: Topology) -> None:
    running = Supervisor(folder, topology, _tell)
    loop = asyncio.get_running_loop()
    for name in _STOPS:
        loop.add_signal_handler(name, running.ask_stop)
    _greet(folder)
    if not out.is_terminal:
        await running.run()
        return

    def view() -> Group:
        return Group("", table(running.observed(), running.report))

    with Live(get_renderable=view, console=out, refresh_per_second=VIEW_PER_S):
        await running.run()


def _tell(sentence: str) -> None:
    # The terminal may have hung up; what was begun ends in order all the same.
    with suppress(OSError):
        _print(sentence)


def _print(sentence: str) -> None:
    out.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {escape(sentence)}")


def _detach(folder: FleetFolder, topology: Topology) -> int:
    if supervisor.supervising(folder):
        Hold(folder).release()
    (folder.run / supervisor.REPORT).unlink(missing_ok=True)
    command = [Program("tenfold", "").path(), "up", topology.stage, "--dir", str(folder.path)]
    with folder.log("up").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    ends_at = time.monotonic() + WELL_LIMIT_S
    while not (report := supervisor.read_report(folder)).is_well:
        is_hopeless = any(part.failures >= MOST_FAILURES for part in report.parts.values())
        if is_hopeless or process.poll() is not None or time.monotonic() > ends_at:
            return _failed(folder, process)
        time.sleep(LOOK_S)
    # It lives on without this command, which is about to end.
    process.returncode = 0
    _greet(folder)
    show(asyncio.run(observe(folder, topology)), supervisor.read_report(folder))
    return 0


def _failed(folder: FleetFolder, process: subprocess.Popen[bytes]) -> int:
    lines = folder.log("up").read_text(errors="replace").splitlines()[-TAIL_LINES:]
    out.print(escape("\n".join(lines)))
    if process.poll() is None:
        process.returncode = 0
        raise OperatorError(
            "not everything is well yet; it goes on trying",
            hint=f"tenfold status --dir {folder.path}, tenfold down --dir {folder.path}",
        )
    return FAILED


def _greet(folder: FleetFolder) -> None:
    plan = folder.plan()
    out.print(f"[bold]Tenfold {plan.stage} on http://{plan.http}[/]")
    out.print(f"  Dashboard  http://{plan.http}/_/")
    out.print(f"  Folder     {escape(str(folder.path))}")
    out.print(f"  Logs       {escape(str(folder.logs))}")
    config = folder.part("app-1") / "tenfold.toml"
    out.print(
        f"  Superuser  tenfold superuser upsert EMAIL PASSWORD --config {escape(str(config))}"
    )
