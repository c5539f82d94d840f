"""Processes are found again, ended whole, and never mistaken."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenfold.cluster import processes
from tenfold.cluster.processes import Launch, Process
from tenfold.engines import Command

IDENTITY = "/somewhere:part-1"
FAMILY = "import os, time; os.fork(); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


def launched(record: Path, code: str) -> int:
    launch = Launch(
        command=Command((sys.executable, "-c", code), {"EXTRA": "yes"}),
        folder=record.parent,
        log=record.parent / "log",
        record=record,
        identity=IDENTITY,
        digest="d1",
    )
    pid = processes.start(launch)
    asyncio.run(processes.wait_recorded(launch, pid))
    return pid


def wait_for(count: int, record: Path) -> list[int]:
    ends_at = time.monotonic() + 20
    while len(found := processes.members(record, IDENTITY)) != count:
        assert time.monotonic() < ends_at
        time.sleep(0.02)
    return found


def end(record: Path) -> None:
    asyncio.run(processes.kill(record, IDENTITY))
    assert processes.members(record, IDENTITY) == []


def test_a_part_is_found_by_its_record(record: Path) -> None:
    pid = launched(record, FAMILY)
    found = processes.find(record, IDENTITY)
    assert found is not None
    assert (found.process.pid, found.digest) == (pid, "d1")
    assert found.process.age_s < 20
    assert processes.find(record, "/somewhere:part-2") is None
    end(record)
    assert processes.find(record, IDENTITY) is None
    assert processes.ending(pid) == "killed by signal 9"


def test_the_rest_of_a_family_is_ended_too(record: Path) -> None:
    pid = launched(record, FAMILY)
    wait_for(2, record)
    os.kill(pid, signal.SIGKILL)
    wait_for(1, record)
    end(record)


def test_a_stop_waits_and_then_kills(record: Path) -> None:
    launched(record, FAMILY)
    wait_for(2, record)
    assert not asyncio.run(processes.stop(record, IDENTITY, 0.3))
    launched(record, "import time; time.sleep(60)")
    assert asyncio.run(processes.stop(record, IDENTITY, 10))
    launched(record, STUBBORN)
    time.sleep(0.5)
    started = time.monotonic()
    assert not asyncio.run(processes.stop(record, IDENTITY, 0.3))
    assert time.monotonic() - started < 30
    assert not record.exists()


def test_a_stranger_with_the_same_id_is_left_alone(record: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        record.write_text(Path(f"/proc/{stranger.pid}/stat").read_text())
        assert processes.find(record, IDENTITY) is None
        asyncio.run(processes.stop(record, IDENTITY, 0.1))
        assert stranger.poll() is None
        stranger.kill()


def test_an_id_that_was_used_again_is_another_process(record: Path) -> None:
    record.write_text(processes.myself())
    mine = processes.read_record(record)
    assert mine is not None
    assert mine.is_alive
    assert not Process(mine.pid, mine.started_ticks + 1).is_alive


def test_parts_get_a_bare_environment(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODYS_SECRET", "hidden")
    launched(record, "import os; print(sorted(os.environ), flush=True)")
    ends_at = time.monotonic() + 20
    while not (told := (record.parent / "log").read_text()) and time.monotonic() < ends_at:
        time.sleep(0.02)
    assert "EXTRA" in told
    assert "SOMEBODYS_SECRET" not in told


@pytest.mark.parametrize("text", ["", "nonsense", "12 (x", "99999999 (x) S 1 2 3"])
def test_a_broken_record_names_nobody(record: Path, text: str) -> None:
    record.write_text(text)
    assert processes.find(record, IDENTITY) is None
    assert processes.members(record, IDENTITY) == []
