"""What one request costs on this machine: measured once, kept, and used for sizing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tenfold.errors import OperatorError
from tenfold.measure.load import Processes, Site
from tenfold.measure.loop_history import home
from tenfold.measure.loop_push import Bed, Full, push
from tenfold.measure.prepare import prepared
from tenfold.measure.private import PrivateTenfold
from tenfold.measure.results import Machine, read_json, this_machine, write_json
from tenfold.measure.runs import Effort
from tenfold.measure.workload import Workload, changed, load_workload

RECORDS = 2_000
RECORD_BYTES = 1_000
SECONDS = 4.0
ONLY_READS = 1e9
NO_CACHE_BYTES = 64 << 10
KEPT_CHANGES = 20_000
"""Of the change log, which holds each record a second time."""

FIRST = "create"

KINDS: Mapping[str, Mapping[str, Any]] = {
    FIRST: {"reads_per_write": 0.0},
    "view": {"reads_per_write": ONLY_READS},
    "view from the database": {"reads_per_write": ONLY_READS, "zipf_exponent": 0.0},
    "list": {"reads_per_write": 4.0, "list_share": 1.0},
    "sign-in": {"reads_per_write": ONLY_READS, "auth_share": 1.0},
}
"""What is measured, as changes of the default workload; storage with the first, on a new disk."""

_STARTS = {"sign-in": 8.0, "create": 200.0, "list": 200.0}


@dataclass(frozen=True, slots=True)
class Cost:
    """One kind of request: processor time of the server, and what one worker carries."""

    cpu_us: float
    per_s: float
    group_size: float = 0.0
    commit_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """One machine, one worker. `stored_ratio` is bytes on disk for each byte that is written."""

    machine: Machine
    at: float
    """Unix time."""
    costs: dict[str, Cost]
    answer_bytes: float
    stored_ratio: float
    worker_bytes: int
    others_cores: float
    """What other programs took meanwhile: much of it makes the figures worse than they are."""


def figures_file() -> Path:
    """Where the figures of this machine are kept unless a flag says otherwise."""
    return home() / "machine.json"


def read_figures(path: Path) -> MachineFigures:
    """Raises: OperatorError when there are none yet."""
    if not path.exists():
        raise OperatorError(
            f"nothing has been measured on this machine yet ({path} does not exist)",
            hint="tenfold plan --measure does so first; it takes about two minutes",
        )
    return read_json(path, MachineFigures)


def save_figures(path: Path, figures: MachineFigures) -> None:
    """Raises: OperatorError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, figures)
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}") from None


def measure_machine(tell: Callable[[str], None], seconds: float = SECONDS) -> MachineFigures:
    """Measure every kind of request on a fresh server with one worker. Raises: OperatorError."""
    found: dict[str, Full] = {}
    stored_ratio = 1.0
    with PrivateTenfold(1) as private, Processes(1) as generator:
        for kind, changes in KINDS.items():
            tell(kind)
            private.settings = (
                {"cache_bytes": str(NO_CACHE_BYTES)} if kind == "view from the database" else {}
            )
            private.restart(1)
            empty_bytes = private.database_bytes
            with _filled(private, kind, changes) as (workload, site):
                found[kind] = _full(private, generator, site, workload, seconds)
                if kind == FIRST:
                    stored_ratio = _stored_ratio(private, site, empty_bytes)
    costs = {kind: _cost(full) for kind, full in found.items()}
    costs["list"] = _without_writes(costs["list"], costs["create"], KINDS["list"])
    view = found["view"].found
    return MachineFigures(
        machine=this_machine(),
        at=time.time(),
        costs=costs,
        answer_bytes=view.run.received_bytes / max(1, view.run.good),
        stored_ratio=stored_ratio,
        worker_bytes=max((p.memory_bytes for p in view.profile.processes), default=0),
        others_cores=max(full.found.profile.machine.others_cores for full in found.values()),
    )


@contextmanager
def _filled(
    private: PrivateTenfold, kind: str, changes: Mapping[str, Any]
) -> Generator[tuple[Workload, Site]]:
    records = {"records": RECORDS, "record_bytes": RECORD_BYTES}
    rate = {"per_s": _STARTS.get(kind, 1_000.0)}
    workload = changed(load_workload("default"), {**records, **changes, "rate": rate}, kind)
    with prepared(private.target, workload, lambda done, total: None) as site:
        yield workload, site


def _full(
    private: PrivateTenfold, generator: Processes, site: Site, workload: Workload, seconds: float
) -> Full:
    # Fewer wait than the queue of passwords holds.
    bed = Bed(generator, private.target, site, Effort(connections=32, timeout_s=4.0))
    return push(bed, workload, workload.rate.per_s, seconds, stacks=False)


def _stored_ratio(private: PrivateTenfold, site: Site, empty_bytes: int) -> float:
    """Bytes on disk for each byte of a record; the change log keeps as many, up to its end."""
    # A clean end brings everything from the log of SQLite into the database.
    private.restart(1)
    target = private.target
    path = f"{target.address.url}/api/collections/{site.open_name}/records?perPage=1"
    rows = int(httpx.get(path, timeout=60).raise_for_status().json()["totalItems"])
    copies = rows + min(rows, KEPT_CHANGES)
    return max(1.0, (private.database_bytes - empty_bytes) / max(1, copies) / RECORD_BYTES)


def _cost(full: Full) -> Cost:
    profile = full.found.profile
    writer = profile.server.writer if profile.server else None
    return Cost(
        cpu_us=profile.machine.server_cores / max(full.per_s, 1e-9) * 1e6,
        per_s=full.per_s,
        group_size=writer.group_size if writer else 0.0,
        commit_ms=writer.commit_ms if writer else 0.0,
    )


def _without_writes(mixed: Cost, write: Cost, workload: Mapping[str, Any]) -> Cost:
    """The cost of the reads alone, of a mix in which writes keep lists from being remembered."""
    reads = float(workload["reads_per_write"])
    cpu_us = max(mixed.cpu_us / 2, ((reads + 1) * mixed.cpu_us - write.cpu_us) / reads)
    return Cost(cpu_us=cpu_us, per_s=mixed.per_s * reads / (reads + 1))
