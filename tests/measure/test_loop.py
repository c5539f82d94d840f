"""Advised steps, taken on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tenfold.measure import PrivateTenfold
from tenfold.measure.loop_steps import take
from tenfold.measure.samplers import look_at_workers, superuser_token
from tests.unit.measure.test_loop import INDEX, SETTING, WORKER


@pytest.fixture(scope="module")
def private() -> Iterator[PrivateTenfold]:
    with PrivateTenfold(1) as server:
        yield server


def test_an_index_is_added(private: PrivateTenfold) -> None:
    target = private.target
    take(INDEX, target, private)
    headers = {"Authorization": superuser_token(target.address.url, target.credentials)}
    users = httpx.get(f"{target.address.url}/api/collections/users", headers=headers).json()
    assert INDEX.change["sql"] in users["indexes"]


def test_settings_and_workers_change_with_a_start(private: PrivateTenfold) -> None:
    target = private.target
    take(SETTING, target, private)
    take(WORKER, target, private)
    told = look_at_workers(
        target.address.url, superuser_token(target.address.url, target.credentials)
    )
    assert told and len(told) == 2
    assert {worker.settings["password_threads"] for worker in told.values()} == {3}
