"""The figures that the rules of advice look at, derived from one profiled run. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tenfold.measure.advise_values import Part
from tenfold.measure.knee import Goal
from tenfold.measure.profile_flame import share_of
from tenfold.measure.profile_run import ProfiledRun
from tenfold.measure.profile_values import MachineUse, ServerUse
from tenfold.measure.results import RunResult

SERVING = frozenset({"MainThread", "io", "hook", "thread"})
"""Threads that answer requests and share one interpreter lock; the others run beside them."""

MIN_S = 1e-9


@dataclass(frozen=True, slots=True)
class Figures:
    """One run, reduced. Ratios are 0..1; cores are how many were busy on average."""

    run: RunResult
    machine: MachineUse
    server: ServerUse | None
    stacks: dict[str, int]
    broken_by: str
    """Why the goal is not kept; empty when it is."""
    workers: int
    worker_busy: float
    """The mean over the workers of how much of the time their interpreter was wanted."""
    worker_busiest: float
    main_cores: float
    """Of the event loops alone."""
    main_wanted: float
    """With the time in which they waited for a core."""
    io_cores: float
    serving_cores: float
    main_starts_per_s: float
    other_starts_per_s: float
    """How often event loops, and the other threads that answer, were given a core."""
    read_cores: float
    password_cores: float
    pool_busy: float
    writer_busy: float
    read_pool_busy: float
    answer_bytes: float

    @property
    def took_s(self) -> float:
        return self.server.took_s if self.server else self.run.took_s

    @property
    def served_per_s(self) -> float:
        """Answers a second while the server was watched."""
        return max(carried(self.run, self.server), MIN_S)

    @property
    def free_cores(self) -> float:
        """What neither the server nor anybody else takes."""
        return max(0.0, self.machine.cores * (1 - self.machine.cpu_ratio))

    @property
    def server_cpu_s(self) -> float:
        """Processor time of the server for one good answer."""
        return self.machine.server_cores / self.served_per_s

    @property
    def loop_share(self) -> float:
        """How much of all workers' time one second of work on their loops is."""
        return 1 / max(self.took_s * self.workers, MIN_S)

    @property
    def ran_ratio(self) -> float:
        """The share of its time that the event loop ran in which it was not waiting for a core."""
        return self.main_cores / max(self.main_wanted, self.main_cores, MIN_S)

    def parts(self) -> list[Part]:
        """All parts, the busiest first."""
        machine, server = self.machine, self.server
        found = [
            Part(
                "workers",
                self.worker_busiest,
                f"{self.workers} of them, {self.worker_busy:.0%} on average",
            ),
            Part(
                "processor",
                machine.cpu_ratio,
                f"{machine.runnable:.1f} tasks want one of {machine.cores} cores",
            ),
            Part("disk", machine.disk_ratio, f"{machine.disk_write_ms:.2f} ms a write"),
            Part("memory", 1 - machine.memory_available_ratio, "in use"),
        ]
        if server:
            writer, passwords = server.writer, server.passwords
            found += [
                Part(
                    "writer",
                    self.writer_busy,
                    f"{writer.group_size:.1f} writes to a commit of {writer.commit_ms:.2f} ms",
                ),
                Part(
                    "password threads", self.pool_busy, f"{passwords.wait_ms:,.0f} ms wait for one"
                ),
                Part("read threads", self.read_pool_busy, f"{server.slow_reads:,} slow reads"),
            ]
        return sorted(found, key=lambda part: -part.busy_ratio)

    def stack_share(self, part: str) -> float:
        """The share of all stacks that passed through a piece of code."""
        return share_of(self.stacks, part)


def carried(run: RunResult, server: ServerUse | None) -> float:
    """Answers a second of a full server.

    Its own count is of the watched stretch; that of the load includes the time in which the last
    slow answers trickle in.
    """
    if server is None or not server.took_s:
        return run.good_per_s
    return (server.answered - server.failures) / server.took_s


def figures_of(found: ProfiledRun, goal: Goal) -> Figures:
    """Reduce a profiled run."""
    run, profile = found.run, found.profile
    server, processes = profile.server, profile.processes
    busy = [
        min(1.0, sum(t.wanted_cores for t in process.threads if t.kind in SERVING))
        for process in processes
    ]

    def cores(*kinds: str) -> float:
        return sum(t.cpu_cores for p in processes for t in p.threads if t.kind in kinds)

    def starts(kinds: AbstractSet[str]) -> float:
        return sum(t.starts_per_s for p in processes for t in p.threads if t.kind in kinds)

    return Figures(
        run=run,
        machine=profile.machine,
        server=server,
        stacks=profile.stacks,
        broken_by=goal.broken_by(run),
        workers=max(1, server.workers if server else len(processes)),
        worker_busy=sum(busy) / len(busy) if busy else 0.0,
        worker_busiest=max(busy, default=0.0),
        main_cores=cores("MainThread"),
        main_wanted=sum(
            t.wanted_cores for p in processes for t in p.threads if t.kind == "MainThread"
        ),
        io_cores=cores("io"),
        serving_cores=cores(*SERVING),
        main_starts_per_s=starts({"MainThread"}),
        other_starts_per_s=starts(SERVING - {"MainThread"}),
        read_cores=cores("read"),
        password_cores=cores("password"),
        pool_busy=server.passwords.busiest_ratio if server else 0.0,
        writer_busy=_writer_busy(server),
        read_pool_busy=_read_pool_busy(server),
        answer_bytes=run.received_bytes / run.good if run.good else 0.0,
    )


def _writer_busy(server: ServerUse | None) -> float:
    """One process writes at a time: the sum over the workers is of one second each second."""
    if not server:
        return 0.0
    return min(1.0, (server.writer.work_s + server.writer.commit_s) / max(server.took_s, MIN_S))


def _read_pool_busy(server: ServerUse | None) -> float:
    if not server:
        return 0.0
    threads = int(server.settings.get("read_threads", 1)) * server.workers
    return min(1.0, server.slow_read_s / max(threads * server.took_s, MIN_S))
