"""`tenfold bench` and `tenfold knee` as a user runs them, on real servers, with tiny sizes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tenfold.measure import BenchReport, KneeReport, read_json
from tests.targets import EMAIL, PASSWORD, PocketBase, Server, Tenfold

LIMIT_S = 120
SUPERUSER = f"{EMAIL}:{PASSWORD}"
EVERYTHING = """
reads_per_write = 4
records = 40
record_bytes = 400
list_share = 0.2
list_size = 5
file_share = 0.1
file_bytes = 3000
auth_share = 0.05
token_share = 0.5
update_share = 0.5
realtime_subscribers = 3

[rate]
arrivals = "poisson"
per_s = 40
duration_s = 2
warmup_s = 0.5
"""
KINDS = {"view", "list", "file", "sign-in", "create", "update"}


@pytest.fixture(scope="module")
def tenfold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    with Tenfold(tmp_path_factory.mktemp("tenfold") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def pocketbase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PocketBase]:
    with PocketBase(tmp_path_factory.mktemp("pocketbase")) as server:
        yield server


@pytest.fixture
def workload(tmp_path: Path) -> Path:
    path = tmp_path / "everything.toml"
    path.write_text(EVERYTHING)
    return path


def command(*arguments: str | Path) -> list[str]:
    return [Tenfold.program(), *(str(argument) for argument in arguments)]


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run to the end; temporary files go under a folder of the test."""
    (folder / "tmp").mkdir()
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "COLUMNS": "120"},
    )
    left = [path for path in (folder / "tmp").iterdir() if path.name.startswith("tenfold-bench")]
    assert not left
    return done


def collections(server: Server) -> set[str]:
    answer = httpx.get(
        f"{server.url}/api/collections", headers={"Authorization": server.token}, timeout=10
    )
    return {collection["name"] for collection in answer.raise_for_status().json()["items"]}


def test_bench_of_a_fresh_tenfold(tmp_path: Path, workload: Path) -> None:
    path = tmp_path / "bench.json"
    done = run(tmp_path, "bench", "--workload", workload, "--rounds", "2", "--json", path)
    # On a machine that is too busy no run counts, and that is said.
    assert done.returncode == 0 or "does not count" in done.stderr, done.stderr
    report = read_json(path, BenchReport)
    assert [result.round for result in report.runs] == [1, 2]
    for result in report.runs:
        assert result.errors == {}
        assert result.planned == result.sent == result.good == 80
        assert result.by_kind.keys() <= KINDS
        assert result.realtime
        assert result.realtime.connected == 3
        assert result.realtime.received == result.realtime.expected > 0
    assert {kind for result in report.runs for kind in result.by_kind} == KINDS
    assert "p99" in done.stdout


def test_bench_beside_pocketbase(
    tmp_path: Path, workload: Path, tenfold: Tenfold, pocketbase: PocketBase
) -> None:
    """The same load on both, in turn; afterwards both are as they were."""
    before = collections(tenfold), collections(pocketbase)
    path = tmp_path / "bench.json"
    servers = (tenfold.url, "--against", pocketbase.url, "--superuser", SUPERUSER)
    done = run(tmp_path, "bench", *servers, "--workload", workload, "--rounds", "2", "--json", path)
    assert done.returncode == 0 or "does not count" in done.stderr, done.stderr
    runs = read_json(path, BenchReport).runs
    assert [result.url for result in runs] == [tenfold.url, pocketbase.url] * 2
    assert [result.target.split()[0] for result in runs] == ["Tenfold", "PocketBase"] * 2
    assert all(result.good == result.planned == 80 for result in runs), runs
    for result in runs:
        assert result.realtime and result.realtime.received == result.realtime.expected
    assert (collections(tenfold), collections(pocketbase)) == before


def test_knee_over_workers(tmp_path: Path) -> None:
    quick = tmp_path / "quick.toml"
    quick.write_text("records = 30\n[rate]\nwarmup_s = 0.2")
    path = tmp_path / "knee.json"
    goal = (
        "--p99",
        "30",
        "--start",
        "200",
        "--precision",
        "1",
        "--seconds",
        "0.5",
        "--timeout",
        "1",
    )
    run(
        *(tmp_path, "knee", "--workload", quick, *goal),
        *("--workers", "1,2", "--rounds", "1", "--json", path),
    )
    report = read_json(path, KneeReport)
    assert [knee.workers for knee in report.knees] == [1, 2]
    for knee in report.knees:
        good = [step.per_s for step in knee.steps if not step.broken_by]
        assert knee.per_s == pytest.approx(max(good, default=0), rel=0.01)
        assert any(step.broken_by for step in knee.steps)
    measured = [knee for knee in report.knees if knee.per_s]
    assert (report.law is not None) == bool(measured)


def test_knee_of_a_running_server(tmp_path: Path, tenfold: Tenfold) -> None:
    goal = (
        "--p99",
        "30",
        "--start",
        "400",
        "--precision",
        "1",
        "--seconds",
        "0.3",
        "--timeout",
        "1",
    )
    small = ("--records", "20", "--rounds", "1")
    done = run(tmp_path, "knee", tenfold.url, "--superuser", SUPERUSER, *goal, *small)
    assert "knee: " in done.stdout
    assert "Universal" not in done.stdout


def test_a_stopped_bench_leaves_nothing(tmp_path: Path, tenfold: Tenfold) -> None:
    before = collections(tenfold)
    arguments = ("bench", tenfold.url, "--superuser", SUPERUSER, "--records", "20")
    with subprocess.Popen(
        command(*arguments, "--seconds", "60", "--rate", "20"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    ) as process:
        ends_at = time.monotonic() + LIMIT_S
        while len(collections(tenfold)) < len(before) + 2 and time.monotonic() < ends_at:
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 130
    assert collections(tenfold) == before


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("bench", "http://192.0.2.1", "--superuser", SUPERUSER), 1, "--allow-remote"),
        (("bench", "http://127.0.0.1:1", "--superuser", SUPERUSER), 1, "is the server running?"),
        (("bench", "http://127.0.0.1:1"), 1, "--superuser EMAIL:PASSWORD"),
        (("knee", "--workload", "defualt"), 2, "did you mean default?"),
        (("bench", "--rate", "-1"), 2, "rate.per_s must be a number"),
        (("bench", "--rounds", "0"), 1, "--rounds lies between"),
        (("knee", "--workers", "1,x"), 1, "--workers lists numbers"),
        (("knee", "--p99", "nan"), 1, "--p99 lies between"),
        (("bench", "--processes", "65"), 1, "--processes lies between"),
        (("bench", "--connections", "0"), 1, "--connections lies between"),
    ],
)
def test_refused(tmp_path: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == code
    assert told in done.stderr


def test_wrong_superuser(tmp_path: Path, tenfold: Tenfold) -> None:
    done = run(tmp_path, "bench", tenfold.url, "--superuser", f"{EMAIL}:wrong-password")
    assert done.returncode == 1
    assert "answers with status 400" in done.stderr
    assert "--superuser EMAIL:PASSWORD" in done.stderr
