"""The flags of the commands that load a server, and the targets they name."""

from __future__ import annotations

import getpass
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import Parameter
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from tenfold.cli.console import err
from tenfold.errors import OperatorError
from tenfold.measure import (
    Credentials,
    Effort,
    Site,
    Target,
    Workload,
    changed,
    find_target,
    load_workload,
    prepared,
)

Url = Annotated[
    str | None,
    Parameter(help="The server, as http://127.0.0.1:8090. Without it a fresh Tenfold is started."),
]
WorkloadName = Annotated[
    str, Parameter(name="--workload", help="A preset or a TOML file; see docs/measuring.md.")
]
Seconds = Annotated[float | None, Parameter(help="How long one run is measured.", negative=())]
Records = Annotated[int | None, Parameter(help="Records that are there before.", negative=())]
Superuser = Annotated[
    str | None,
    Parameter(help="A superuser of the target, as EMAIL:PASSWORD; EMAIL alone: asks for it."),
]
Processes_ = Annotated[
    int, Parameter(name="--processes", help="Processes of the generator; 0: by the cores.")
]
Connections = Annotated[int, Parameter(help="Connections, over all processes.")]
Timeout = Annotated[float, Parameter(help="Seconds until an answer counts as an error.")]
Seed = Annotated[int, Parameter(help="Another number, other random choices.")]
AllowRemote = Annotated[
    bool, Parameter(help="Also load a server that is not this machine.", negative=())
]
Json = Annotated[
    Path | None, Parameter(name="--json", help="Also write all figures to a file.", negative=())
]

Rounds = Annotated[int, Parameter(help="How often to measure.")]

MAX_ROUNDS = 100
MAX_PROCESSES = 64
MAX_CONNECTIONS = 20_000
MAX_TIMEOUT_S = 600.0
CORES_PER_PROCESS = 2


def chosen_workload(
    name: str, records: int | None, seconds: float | None, per_s: float | None = None
) -> Workload:
    """A workload, changed by flags. Raises: WorkloadError."""
    workload = load_workload(name)
    rate = _given(duration_s=seconds, per_s=per_s)
    return changed(workload, {**_given(records=records), "rate": rate}, "flags")


def _given(**flags: object) -> dict[str, object]:
    return {name: value for name, value in flags.items() if value is not None}


def check_rounds(rounds: int) -> None:
    """Raises: OperatorError."""
    if not 1 <= rounds <= MAX_ROUNDS:
        raise OperatorError(f"--rounds lies between 1 and {MAX_ROUNDS}")


def effort(connections: int, timeout_s: float, seed: int) -> Effort:
    """How the generator works. Raises: OperatorError."""
    if not 1 <= connections <= MAX_CONNECTIONS or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise OperatorError(
            f"--connections lies between 1 and {MAX_CONNECTIONS:,},"
            f" --timeout is at most {MAX_TIMEOUT_S:g} seconds"
        )
    return Effort(connections=connections, timeout_s=timeout_s, seed=seed)


def process_count(wanted: int) -> int:
    """How many processes generate load. Raises: OperatorError."""
    if not 0 <= wanted <= MAX_PROCESSES:
        raise OperatorError(f"--processes lies between 0 and {MAX_PROCESSES}")
    return wanted or max(1, min(4, len(os.sched_getaffinity(0)) // CORES_PER_PROCESS))


def credentials(superuser: str | None) -> Credentials:
    """EMAIL:PASSWORD; a missing password is asked for. Raises: OperatorError."""
    email, found, password = (superuser or "").partition(":")
    if not email:
        raise OperatorError(
            "a superuser is needed to make data on the target",
            hint="name one with --superuser EMAIL:PASSWORD",
        )
    if not found:
        if not sys.stdin.isatty():
            raise OperatorError("--superuser needs EMAIL:PASSWORD where nobody can be asked")
        password = getpass.getpass(f"Password of {email}: ")
    return Credentials(email, password)


def named_target(url: str, superuser: str | None, *, allow_remote: bool) -> Target:
    """The server that a flag names. Raises: OperatorError."""
    return find_target(url, credentials(superuser), may_be_remote=allow_remote)


@contextmanager
def filled(target: Target, workload: Workload) -> Generator[Site]:
    """A target with the data of a workload, shown as a bar while it is made."""
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
    )
    task = bars.add_task(f"records on {target.name}", total=None)
    bars.start()
    try:
        with prepared(
            target, workload, lambda done, total: bars.update(task, completed=done, total=total)
        ) as site:
            bars.stop()
            yield site
    finally:
        bars.stop()


@contextmanager
def stoppable() -> Generator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that it leaves nothing behind."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
