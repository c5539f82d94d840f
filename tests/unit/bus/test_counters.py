import subprocess
import sys
from pathlib import Path

import pytest

from tenfold.bus import Counters, counters


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["alone", "shared"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param == "shared" else None


def test_limit_holds_within_a_window(folder: Path | None) -> None:
    counted = Counters(folder, Clock())
    assert [counted.hit("a", 3, 10) for _ in range(5)] == [True, True, True, False, False]
    assert counted.hit("b", 3, 10)
    counted.close()


def test_window_starts_with_the_first_hit(folder: Path | None) -> None:
    clock = Clock()
    counted = Counters(folder, clock)
    assert counted.hit("a", 1, 4)
    clock.now += 3.9
    assert not counted.hit("a", 1, 4)
    clock.now += 0.2
    assert counted.hit("a", 1, 4)
    counted.close()


def test_clock_set_back_does_not_lock_out(folder: Path | None) -> None:
    clock = Clock()
    counted = Counters(folder, clock)
    assert counted.hit("a", 1, 4)
    clock.now -= 500
    assert counted.hit("a", 1, 4)
    counted.close()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "KEPT_KEYS", 100)
    counted = Counters(None, Clock())
    for _ in range(3):
        counted.hit("busy", 2, 10)
    for n in range(1_000):
        counted.hit(f"key{n}", 1, 10)
    assert len(counted._windows) <= 100  # pyright: ignore[reportPrivateUsage]
    assert not counted.hit("busy", 2, 10)


HITS = """
import pathlib, sys
from tenfold.bus import Counters
counted = Counters(pathlib.Path(sys.argv[1]))
print(sum(counted.hit("key", 5_000, 600) for _ in range(4_000)))
"""


def test_processes_count_exactly_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HITS, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    allowed = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(allowed) == 5_000


def test_the_whole_file_is_allocated_at_once(tmp_path: Path) -> None:
    Counters(tmp_path).close()
    found = (tmp_path / "runtime.counters").stat()
    assert found.st_blocks * 512 >= found.st_size > 0
