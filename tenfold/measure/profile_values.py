"""What a profile says: plain values, of one stretch of time, written as JSON and read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """The machine between two looks. Cores are how many were busy, on average."""

    at_s: float
    """Since the profile began, at the end of this stretch."""
    machine_cores: float
    server_cores: float
    generator_cores: float
    disk_ratio: float
    """The share of the time in which the disk was busy."""
    disk_written_bytes_per_s: float
    net_bytes_per_s: float
    runnable: int
    memory_available_bytes: int


@dataclass(frozen=True, slots=True)
class ThreadUse:
    """What the threads of one kind took in one process, in cores."""

    kind: str
    """MainThread is the event loop, io the server's I/O; others by the name of their pool."""
    count: int
    cpu_cores: float
    waited_cores: float
    """How much more they wanted to run while no core was free."""
    starts_per_s: float = 0.0
    """How often they were given a core: each time costs, so a busy thread is a cheaper one."""

    @property
    def wanted_cores(self) -> float:
        return self.cpu_cores + self.waited_cores


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """One process of the server."""

    pid: int
    memory_bytes: int
    cpu_cores: float
    read_bytes_per_s: float
    written_bytes_per_s: float
    threads: list[ThreadUse]


@dataclass(frozen=True, slots=True)
class MachineUse:
    """The machine over the whole stretch; ratios are of all cores, or of the time."""

    cores: int
    cpu_ratio: float
    server_cores: float
    generator_cores: float
    generator_starts_per_s: float
    """How often its processes were given a core."""
    profiler_cores: float
    others_cores: float
    stolen_ratio: float
    io_wait_ratio: float
    cpu_pressure_ratio: float
    """The share of the time in which some task waited for a core."""
    runnable: float
    disk_ratio: float
    disk_write_ms: float
    disk_writes_per_s: float
    disk_written_bytes_per_s: float
    net_bytes_per_s: float
    memory_available_ratio: float
    swapped_bytes_per_s: float


@dataclass(frozen=True, slots=True)
class CacheUse:
    """One cache, over all workers."""

    hits: int
    misses: int
    evictions: int
    entries: int
    used_bytes: int
    limit_bytes: int

    @property
    def hit_ratio(self) -> float:
        asked = self.hits + self.misses
        return self.hits / asked if asked else 1.0


@dataclass(frozen=True, slots=True)
class WriterUse:
    """The group commit, over all workers; seconds are sums."""

    writes: int
    groups: int
    commit_s: float
    work_s: float
    turn_wait_s: float
    waiting: int
    """Writes that waited for their group at the end."""

    @property
    def group_size(self) -> float:
        return self.writes / self.groups if self.groups else 0.0

    @property
    def commit_ms(self) -> float:
        """One COMMIT with its fsync."""
        return self.commit_s / self.groups * 1_000 if self.groups else 0.0


@dataclass(frozen=True, slots=True)
class PasswordUse:
    """Hashing and checking of passwords, over all workers; seconds are sums."""

    checks: int
    run_s: float
    wait_s: float
    refused: int
    threads: int
    busiest_ratio: float
    """How busy the threads of the busiest worker were: clients stay with their worker."""

    @property
    def wait_ms(self) -> float:
        return self.wait_s / self.checks * 1_000 if self.checks else 0.0


@dataclass(frozen=True, slots=True)
class LoopDelay:
    """How late timers of the event loops were; the percentiles are upper ends of buckets."""

    beats: int
    mean_ms: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class StatementUse:
    """One shape of SQL; the plan is SQLite's own words."""

    sql: str
    count: int
    total_s: float
    longest_s: float
    rows: int
    plan: list[str]

    @property
    def mean_ms(self) -> float:
        return self.total_s / self.count * 1_000 if self.count else 0.0


@dataclass(frozen=True, slots=True)
class HookUse:
    """One hook; waiting counts, too."""

    place: str
    count: int
    total_s: float


@dataclass(frozen=True, slots=True)
class ServerUse:
    """What Tenfold told of itself, as the difference between two looks."""

    took_s: float
    workers: int
    requests: dict[str, int]
    """By family."""
    request_s: dict[str, float]
    """Wall time of those that the routes answered."""
    routed: int
    """Requests that no lane answered."""
    failures: int
    records: CacheUse
    lists: CacheUse
    writer: WriterUse
    passwords: PasswordUse
    loop_delay: LoopDelay
    gc_s: float
    statements: list[StatementUse]
    statement_s: float
    """Of all statements, those not listed among them."""
    slow_reads: int
    slow_read_s: float
    given_up_s: float
    """What the slow reads had held the event loops for, before they went to a thread."""
    hooks: list[HookUse]
    hot_collection: str
    hot_record: str
    hot_changes: int
    changes: int
    settings: dict[str, Any]

    @property
    def answered(self) -> int:
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True)
class Profile:
    """All of one profile. `server` is None for a product that tells nothing of itself.

    `stacks` counts how often each stack was seen, frames from the outermost inwards.
    """

    url: str
    started_at: float
    took_s: float
    machine: MachineUse
    moments: list[Moment]
    processes: list[ProcessUse]
    server: ServerUse | None
    stacks: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])
    """What could not be seen, and what makes the figures doubtful."""
