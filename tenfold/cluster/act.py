"""Carry out a step. Each returns the sentence that says what was done: the log line."""

from __future__ import annotations

import asyncio
import shutil

from tenfold.cluster import processes
from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.observe import Wanted, identity
from tenfold.cluster.processes import Launch
from tenfold.durable import replace_private
from tenfold.telemetry import redact

LOG_LIMIT_BYTES = 32 << 20
TAIL_BYTES = 4096
SHOWN_TEXT = 300
LAST_LINES = 3


async def start(folder: FleetFolder, wanted: Wanted) -> str:
    """Start a part from its files as they are wanted now."""
    name = wanted.part.name
    # What an earlier life of it has left would hold its ports.
    await processes.kill(folder.run / name, identity(folder, name))
    await asyncio.to_thread(_prepare, folder, wanted)
    launch = Launch(
        command=wanted.engine.command(wanted.node),
        folder=wanted.node.folder,
        log=folder.log(name),
        record=folder.run / name,
        identity=identity(folder, name),
        digest=wanted.digest,
    )
    pid = processes.start(launch)
    await processes.wait_recorded(launch, pid)
    return f"{name} starts as process {pid}"


async def stop(folder: FleetFolder, wanted: Wanted, *, is_hung: bool = False) -> str:
    """End a part and all its processes."""
    name = wanted.part.name
    record, who = folder.run / name, identity(folder, name)
    if is_hung:
        await processes.kill(record, who)
        ended_itself = False
    else:
        ended_itself = await processes.stop(record, who, wanted.engine.limits.stop_s)
    wanted.engine.tidy(wanted.node)
    return f"{name} has ended" if ended_itself else f"{name} was ended"


def bound_log(folder: FleetFolder, name: str) -> None:
    """Keep a log below its limit: the older half moves to `NAME.log.1`.

    The part goes on writing to the same file, so that is emptied and not moved.
    """
    path = folder.log(name)
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        with path.open("r+b") as file:
            file.truncate(0)


def last_words(folder: FleetFolder, name: str) -> str:
    """The last lines of a part's log as one, without secrets."""
    path = folder.log(name)
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").split("\n")
    told = [line.strip() for line in lines if line.strip()]
    return redact(" ".join(told[-LAST_LINES:]))[:SHOWN_TEXT]


def _prepare(folder: FleetFolder, wanted: Wanted) -> None:
    node = wanted.node
    node.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in wanted.files.items():
        replace_private(node.folder / name, text.encode())
    wanted.engine.prepare(node)
