"""Profile a server of this machine while it works: look from beside it, ask what it counted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import psutil

from tenfold.errors import OperatorError
from tenfold.measure.profile_machine import (
    CpuMoment,
    Look,
    machine_use,
    moment_between,
    most_seen,
    process_uses,
)
from tenfold.measure.profile_server import server_use
from tenfold.measure.profile_values import MachineUse, Profile, ServerUse
from tenfold.measure.samplers import (
    StackSampler,
    WorkerMoment,
    cpu_of,
    listeners,
    look_at_machine,
    look_at_process,
    look_at_workers,
    starts_of,
)
from tenfold.measure.target import Target

LOOK_EVERY_S = 0.5
ASK_EVERY_S = 1.0
SETTLE_S = 0.3
MAX_SAMPLED = 8
BUSY_NEIGHBOURS = 0.2
"""Of all cores; more makes figures doubtful."""

Workers = Mapping[str, WorkerMoment]


class Profiler:
    """Looks at one server, in threads, so that load can be made meanwhile.

    `start`, then make load, then `finish` with the stretch of time that counts. With `stacks`
    py-spy looks into the processes, too. This process and its children count as the load
    generator.
    """

    def __init__(self, target: Target, token: str, *, stacks: bool = True) -> None:
        self._url = target.address.url
        self._port = target.address.port
        self._token = token
        self._wants_stacks = stacks
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._looks: list[Look] = []
        self._asked: list[Workers] = []
        self._problem: OperatorError | None = None
        self._stacks: StackSampler | None = None
        self._notes: list[str] = []
        self._pids: list[int] = []
        self._folder: Path | None = None
        self._began_at = (time.time(), time.monotonic())

    def start(self) -> None:
        """Begin to look. Raises: OperatorError when the server is not here, or can't be asked."""
        first = look_at_workers(self._url, self._token)
        self._pids = self._server_pids(first)
        self._folder = _data_folder(first)
        if self._wants_stacks:
            self._stacks = StackSampler(self._pids[:MAX_SAMPLED])
            self._stacks.start()
        watchers: list[Callable[[], None]] = [self._watch_machine]
        if first is not None:
            self._asked.append(first)
            watchers.append(self._watch_server)
        self._began_at = time.time(), time.monotonic()
        for watcher in watchers:
            thread = threading.Thread(target=watcher, name="profile", daemon=True)
            thread.start()
            self._threads.append(thread)

    def finish(self, from_: float, upto: float) -> Profile:
        """Stop looking; what was seen between two moments (Unix time).

        Raises: OperatorError when the server stopped telling its figures.
        """
        time.sleep(max(0.0, min(SETTLE_S, upto + SETTLE_S - time.time())))
        self._is_over.set()
        seen = self._stacks.finish() if self._stacks else {}
        for thread in self._threads:
            thread.join()
        if self._problem:
            raise self._problem
        if self._stacks and self._stacks.problem:
            self._notes.append(self._stacks.problem)
        looks = self._looks_between(from_, upto)
        machine = machine_use(looks)
        self._note_neighbours(machine)
        names = {moment.pid: moment.threads for moment in (self._last_asked() or {}).values()}
        start = looks[0].machine.at
        return Profile(
            url=self._url,
            started_at=from_,
            took_s=looks[-1].machine.at - start,
            machine=machine,
            moments=[moment_between(old, new, start) for old, new in pairwise(looks)],
            processes=process_uses(looks[0], looks[-1], names),
            server=self._server_use(from_, upto),
            stacks=most_seen(seen),
            notes=self._notes,
        )

    def _watch_machine(self) -> None:
        while not self._is_over.is_set():
            self._looks.append(self._look())
            self._is_over.wait(LOOK_EVERY_S)
        self._looks.append(self._look())

    def _watch_server(self) -> None:
        try:
            while not self._is_over.is_set():
                self._ask()
                self._is_over.wait(ASK_EVERY_S)
            self._ask()
        except OperatorError as error:
            self._problem = error

    def _ask(self) -> None:
        told = look_at_workers(self._url, self._token)
        if told:
            self._asked.append(told)

    def _look(self) -> Look:
        found = {pid: look_at_process(pid) for pid in self._pids}
        server = set(self._pids)
        profiler = self._stacks.pids if self._stacks else set[int]()
        mine = {os.getpid(), *(c.pid for c in psutil.Process().children(recursive=True))}
        generator = mine - server - profiler
        cpu = CpuMoment(cpu_of(server), cpu_of(generator), cpu_of(profiler), starts_of(generator))
        processes = {pid: moment for pid, moment in found.items() if moment}
        return Look(look_at_machine(self._folder), cpu, processes)

    def _looks_between(self, from_: float, upto: float) -> Sequence[Look]:
        """At least two."""
        shift = self._began_at[1] - self._began_at[0]
        margin = LOOK_EVERY_S / 2
        inside = [
            look
            for look in self._looks
            if from_ + shift - margin <= look.machine.at <= upto + shift + margin
        ]
        return inside if len(inside) > 1 else [self._looks[0], self._looks[-1]]

    def _server_use(self, from_: float, upto: float) -> ServerUse | None:
        if not self._asked:
            return None
        margin = ASK_EVERY_S / 2
        inside = [told for told in self._asked if from_ - margin <= _told_at(told) <= upto + margin]
        before, after = (
            (inside[0], inside[-1]) if len(inside) > 1 else (self._asked[0], self._asked[-1])
        )
        return server_use(before, after)

    def _last_asked(self) -> Workers | None:
        return self._asked[-1] if self._asked else None

    def _server_pids(self, workers: Workers | None) -> list[int]:
        if workers:
            pids = sorted(moment.pid for moment in workers.values())
        else:
            self._notes.append("this server tells nothing of itself: only its processes are seen")
            pids = listeners(self._port)
        here = [pid for pid in pids if psutil.pid_exists(pid)]
        if not here:
            raise OperatorError(
                f"the processes of {self._url} are not on this machine",
                hint="run the command on the machine of the server",
            )
        return here

    def _note_neighbours(self, machine: MachineUse) -> None:
        if machine.others_cores > BUSY_NEIGHBOURS * machine.cores:
            self._notes.append(
                f"other programs took {machine.others_cores:.1f} of {machine.cores} cores"
                " meanwhile: rates and latencies are worse than they need be"
            )


def _told_at(workers: Workers) -> float:
    return max(moment.at for moment in workers.values())


def _data_folder(workers: Workers | None) -> Path | None:
    for moment in (workers or {}).values():
        folder = Path(str(moment.settings.get("dir", "")))
        if folder.is_dir():
            return folder
    return None
