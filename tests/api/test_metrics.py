"""`/api/metrics`: for superusers only, of all workers, and what it counts is what happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import started
from tests.stores import SQLITE_ONLY, is_mariadb
from tests.targets import Tenfold

RECORDS = "/api/collections/notes/records"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    """Two workers."""
    folder: Path = tmp_path_factory.mktemp("metrics")
    with started(folder, workers=2) as server:
        yield server


@pytest.fixture(scope="module")
def superuser(pair: Tenfold) -> dict[str, str]:
    return {"Authorization": pair.token}


def _workers(server: Tenfold, headers: dict[str, str]) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/metrics/workers", headers=headers, timeout=20)
    return answer.raise_for_status().json()


def _total(workers: dict[str, Any], name: str, **labels: str) -> float:
    """The sum over all workers of the samples with a name and some labels."""
    return sum(
        value
        for told in workers.values()
        for found, value, pairs in told["samples"]
        if found == name and labels.items() <= dict(pairs).items()
    )


@pytest.mark.parametrize("path", ["/api/metrics", "/api/metrics/workers"])
def test_superusers_only(pair: Tenfold, path: str) -> None:
    assert httpx.get(pair.url + path).status_code == 401


def test_text(pair: Tenfold, superuser: dict[str, str]) -> None:
    answer = httpx.get(f"{pair.url}/api/metrics", headers=superuser, timeout=20)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_0-9]+\{.*worker="\d+"\} [\d.e+-]+', line) for line in lines)
    assert {re.findall(r'worker="(\d+)"', line)[0] for line in lines} == {"1", "2"}


def test_what_happened_is_counted(pair: Tenfold, superuser: dict[str, str]) -> None:
    before = _workers(pair, superuser)
    made = [httpx.post(pair.url + RECORDS, json={"rank": n}).json()["id"] for n in range(10)]
    for _ in range(3):
        for record_id in made:
            assert httpx.get(f"{pair.url}{RECORDS}/{record_id}").is_success
    assert httpx.get(f"{pair.url}{RECORDS}", params={"filter": "rank > 3"}).is_success
    httpx.get(f"{pair.url}{RECORDS}/missing")
    after = _workers(pair, superuser)

    def added(name: str, **labels: str) -> float:
        return _total(after, name, **labels) - _total(before, name, **labels)

    assert added("tenfold_requests_total", family="create") == 10
    assert added("tenfold_requests_total", family="view") == 31
    assert added("tenfold_requests_total", family="list") == 1
    assert added("tenfold_request_failures_total", **{"class": "4xx"}) == 1
    assert added("tenfold_commit_group_size_sum") >= 10
    assert added("tenfold_commit_seconds_sum") > 0
    # Every worker hears of every change.
    assert added("tenfold_changes_total") == 20
    assert added("tenfold_loop_delay_seconds_count") > 0


def test_passwords_are_counted(pair: Tenfold, superuser: dict[str, str]) -> None:
    before = _workers(pair, superuser)
    assert pair.token
    after = _workers(pair, superuser)
    for name in ("tenfold_password_run_total", "tenfold_password_run_seconds_total"):
        assert _total(after, name) > _total(before, name)


@pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)
def test_statements_come_with_their_plans(pair: Tenfold, superuser: dict[str, str]) -> None:
    params = {"filter": "title ~ 'never'", "sort": "-rank", "skipTotal": "1"}
    assert httpx.get(f"{pair.url}{RECORDS}", params=params).is_success
    told = _workers(pair, superuser)
    statements = [s for worker in told.values() for s in worker["statements"]]
    (found,) = [s for s in statements if "LIKE" in s["sql"] and "ORDER BY" in s["sql"]]
    assert found["count"] == 1 and found["total_s"] > 0
    assert any(step.startswith("SCAN") for step in found["plan"])
    # Only shapes are shown, never what somebody asked for.
    assert "never" not in str(statements)


@pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)
def test_workers_tell_who_they_are(pair: Tenfold, superuser: dict[str, str]) -> None:
    told = _workers(pair, superuser)
    assert len({worker["pid"] for worker in told.values()}) == 2
    for worker in told.values():
        assert worker["settings"]["workers"] == 2
        assert worker["threads"][str(worker["pid"])] == "MainThread"
        assert "commit" in worker["threads"].values()
        assert worker["age_s"] < 2
