"""Start, recognise and end processes, also those that an earlier `up` has left.

A process is known by its id together with its start time, and by a mark in its environment: an
id alone may belong to somebody else by now.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tenfold.engines import Command

MARK = "FLEET_PART"
LOOK_S = 0.02
KILL_LIMIT_S = 10.0
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")

# The shell writes down who it is and then becomes the engine: there is no moment at which an
# engine runs and nobody knows of it.
_RECORDED = 'read -r s </proc/self/stat; echo "$s" >"$0.new" && mv "$0.new" "$0" && exec "$@"'


@dataclass(frozen=True, slots=True)
class Process:
    """A process for good: no other ever has the same id and start time (ticks since boot)."""

    pid: int
    started_ticks: int

    @property
    def is_alive(self) -> bool:
        # A child counts until all its threads are gone: they may still hold its ports.
        child = _children.get(self.pid)
        if child is not None and child.poll() is None:
            return True
        found = _stat(self.pid)
        return found is not None and found.ticks == self.started_ticks and found.state not in "ZX"

    @property
    def age_s(self) -> float:
        """Seconds since it started."""
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - self.started_ticks / _TICKS)


@dataclass(frozen=True, slots=True)
class Running:
    """A part that runs, and the digest of the configuration it was started with."""

    process: Process
    digest: str


@dataclass(frozen=True, slots=True)
class Launch:
    """All that a start needs; `identity` tells the part apart from all others."""

    command: Command
    folder: Path
    log: Path
    record: Path
    identity: str
    digest: str


def start(launch: Launch) -> int:
    """Start a part in a session of its own and return its process id."""
    command = launch.command
    given = os.environ if command.inherits_environment else _bare_environment()
    environment = {**given, **command.env, MARK: f"{launch.digest}:{launch.identity}"}
    launch.record.unlink(missing_ok=True)
    with launch.log.open("ab") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _RECORDED, str(launch.record), *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=launch.folder,
            env=environment,
            start_new_session=True,
        )
    _children[process.pid] = process
    return process.pid


def reap() -> None:
    """Let the children that have ended go. (Not all at once: others wait for their own.)"""
    for process in _children.values():
        process.poll()


def ending(pid: int) -> str:
    """How a process that `start` started has ended, in words; empty where nobody knows."""
    process = _children.get(pid)
    code = process.poll() if process else None
    if code is None:
        return ""
    return f"killed by signal {-code}" if code < 0 else f"ended with code {code}"


async def wait_recorded(launch: Launch, pid: int) -> None:
    """Return once a started part can be found by its record, or has ended."""
    while find(launch.record, launch.identity) is None and not ending(pid):
        await asyncio.sleep(LOOK_S)


def find(record: Path, identity: str) -> Running | None:
    """The part that a record names, if it still runs."""
    process = read_record(record)
    if process is None or not process.is_alive:
        return None
    mark = _mark(process.pid)
    if mark is None or mark[1] != identity:
        return None
    return Running(process, mark[0])


def read_record(record: Path) -> Process | None:
    """Whom a record names, alive or not."""
    try:
        found = _parsed(record.read_text())
    except (OSError, ValueError, IndexError):
        return None
    return Process(found.pid, found.ticks)


def myself() -> str:
    """What a record says of this process."""
    return Path("/proc/self/stat").read_text()


def members(record: Path, identity: str) -> list[int]:
    """Every process of the part's session, also when the first of them is gone."""
    first = read_record(record)
    if first is None:
        return []
    return [
        stat.pid
        for stat in _all_processes()
        if stat.session == first.pid
        and stat.ticks >= first.started_ticks
        and stat.state not in "ZX"
        and (_mark(stat.pid) or ("", ""))[1] == identity
    ]


async def stop(record: Path, identity: str, limit_s: float) -> bool:
    """End a part: SIGTERM to the first process, SIGKILL to all that is left after `limit_s`.

    Whether it ended by itself.
    """
    running = find(record, identity)
    if running is not None:
        with suppress(ProcessLookupError):
            os.kill(running.process.pid, signal.SIGTERM)
        await _gone(record, identity, limit_s)
    left = members(record, identity)
    await kill(record, identity)
    record.unlink(missing_ok=True)
    return not left


async def kill(record: Path, identity: str) -> None:
    """End every process of a part at once, and those that they start meanwhile."""
    ends_at = time.monotonic() + KILL_LIMIT_S
    while (pids := members(record, identity)) and time.monotonic() < ends_at:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        reap()
        await asyncio.sleep(LOOK_S)


def resident_bytes(pids: list[int]) -> int:
    """The memory of some processes together; what they share counts once for each."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    return total


_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this process has started, kept to learn how each ends."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    state: str
    session: int
    ticks: int


def _parsed(text: str) -> _Stat:
    """A line of /proc/PID/stat; the name in it may hold spaces and brackets."""
    pid = int(text.partition(" ")[0])
    rest = text[text.rindex(")") + 2 :].split()
    return _Stat(pid, rest[0], int(rest[3]), int(rest[19]))


def _stat(pid: int) -> _Stat | None:
    try:
        return _parsed(Path(f"/proc/{pid}/stat").read_text())
    except (OSError, ValueError, IndexError):
        return None


def _all_processes() -> Iterator[_Stat]:
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and (found := _stat(int(entry))) is not None:
            yield found


def _mark(pid: int) -> tuple[str, str] | None:
    """The digest and the identity in a process's environment."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    for entry in environment.split(b"\0"):
        name, _, value = entry.partition(b"=")
        if name == MARK.encode():
            digest, _, identity = os.fsdecode(value).partition(":")
            return digest, identity
    return None


async def _gone(record: Path, identity: str, limit_s: float) -> None:
    ends_at = time.monotonic() + limit_s
    while members(record, identity) and time.monotonic() < ends_at:
        reap()
        await asyncio.sleep(LOOK_S)


def _bare_environment() -> Mapping[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
