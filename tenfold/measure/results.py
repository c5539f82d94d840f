"""What a measurement found: plain values, written as JSON and read back."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from tenfold.errors import OperatorError
from tenfold.measure.latencies import Latencies
from tenfold.measure.workload import Workload

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot:
    """A slice of a run, by when its requests were planned."""

    start_s: float
    planned: int
    good: int
    failed: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class GeneratorUse:
    """What the load generator itself needed, to know whether it was the limit.

    `late_p99_ms` is how much later than planned requests left although a connection was free.
    """

    processes: int
    connections: int
    cpu_s: float
    cpu_ratio: float
    busiest_ratio: float
    cpu_us_per_request: float
    late_p99_ms: float
    scheduling: str
    """How the system let it run: realtime, high or normal priority."""
    limit: str = ""
    """Why the generator was the limit and the run does not count; empty when it wasn't."""


@dataclass(frozen=True, slots=True)
class RealtimeResult:
    """What subscribers were sent; latencies from the planned send time of the write."""

    subscribers: int
    connected: int
    expected: int
    received: int
    latencies: Latencies


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of a workload against one target; rates are of the measured part.

    Every planned request ends as good or as one of `errors`, by kind. Latencies count from the
    planned send time until the answer, or the failure, was known.
    """

    target: str
    url: str
    round: int
    started_at: float
    """Unix time at which the measured part began."""
    workload: Workload
    planned: int
    sent: int
    good: int
    errors: dict[str, int]
    took_s: float
    planned_per_s: float
    sent_per_s: float
    good_per_s: float
    received_bytes: int
    latencies: Latencies
    by_kind: dict[str, Latencies]
    slots: list[Slot]
    generator: GeneratorUse
    realtime: RealtimeResult | None = None

    @property
    def failed(self) -> int:
        """Planned requests that got no good answer."""
        return self.planned - self.good

    @property
    def error_ratio(self) -> float:
        """The share of planned requests that got no good answer, 0..1."""
        return self.failed / self.planned if self.planned else 0.0

    @property
    def counts(self) -> bool:
        """Whether the run says something about the target."""
        return not self.generator.limit


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the measurement ran, and which Tenfold measured."""

    tenfold: str
    system: str
    processor: str
    cores: int
    memory_bytes: int
    python: str


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All rounds of `tenfold bench`, those that do not count among them."""

    machine: Machine
    seed: int
    runs: list[RunResult] = field(default_factory=list[RunResult])


def this_machine() -> Machine:
    """What is known of the machine that runs this."""
    return Machine(
        tenfold=importlib.metadata.version("tenfold"),
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=platform.python_version(),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def write_json(path: Path, value: object) -> None:
    """Write any of these values so that people can read it, too."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def read_json(path: Path, kind: type[T]) -> T:
    """Read what `write_json` wrote. Raises: OperatorError when it is something else."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise OperatorError(f"{path} is no {kind.__name__}: {error}") from None
