"""A profile of a real server with two workers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tenfold.measure import Effort, PrivateTenfold, Processes, changed, load_workload, prepared
from tenfold.measure.profile_run import ProfiledRun, profiled_run


@pytest.fixture(scope="module")
def real() -> Iterator[ProfiledRun]:
    """A profile of a fresh server under a little load."""
    rate = {"per_s": 150, "duration_s": 4, "warmup_s": 0.5}
    workload = changed(
        load_workload("default"),
        {"records": 100, "list_share": 0.2, "reads_per_write": 5, "rate": rate},
        "test",
    )
    with PrivateTenfold(2) as private, Processes(1) as generator:
        target = private.target
        with prepared(target, workload, lambda done, total: None) as site:
            yield profiled_run(generator, target, site, workload, Effort())


def test_a_real_profile(real: ProfiledRun) -> None:
    seen = real.profile
    assert len(seen.processes) == 2 and len(seen.moments) >= 4
    assert seen.machine.server_cores > 0 and seen.machine.generator_cores > 0
    assert {"MainThread", "io"} <= {t.kind for p in seen.processes for t in p.threads}
    server = seen.server
    assert server and server.workers == 2
    assert 0.5 < server.answered / real.run.planned < 1.5
    assert server.writer.writes and server.writer.commit_s > 0
    assert any(s.plan for s in server.statements)
    assert sum(seen.stacks.values()) > 0 or seen.notes


def test_a_profile_survives_json(real: ProfiledRun) -> None:
    written = msgspec.json.encode(real)
    assert msgspec.json.decode(written, type=ProfiledRun) == real
