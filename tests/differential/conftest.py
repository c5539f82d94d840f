"""One pair of servers for the whole run, and how many answers were compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.differential import seed
from tests.differential.auth_seed import AuthPair, auth_servers
from tests.differential.pair import Pair
from tests.differential.planting import TALLY, copy_data, expect_success
from tests.targets import PocketBase, Tenfold


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The two servers with the seed's data."""
    folder = tmp_path_factory.mktemp("differential")
    theirs = PocketBase(folder / "pocketbase")
    with theirs:
        _plant(theirs)
    ours = Tenfold(folder / "tenfold" / "data")
    copy_data(theirs.dir, ours)
    with ExitStack() as stack:
        for server in (theirs, ours):
            server.start()
            stack.callback(server.stop)
        pair = Pair(theirs, ours, TALLY)
        stack.callback(pair.close)
        yield pair


@pytest.fixture
def pair(servers: Pair) -> Pair:
    """The servers, with the seed brought back where it was touched."""
    servers.renew()
    return servers


@pytest.fixture(scope="session")
def auth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthPair]:
    """Two more servers, with accounts of all kinds; tests share them, each its own accounts."""
    with auth_servers(tmp_path_factory.mktemp("auth")) as servers:
        yield servers


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLY.compared:
        terminalreporter.write_line(
            f"{TALLY.compared} answers compared with PocketBase,"
            f" {TALLY.known} unequal by the list of known differences"
        )


def _plant(server: PocketBase) -> None:
    with httpx.Client(
        base_url=server.url, headers={"Authorization": server.token}, timeout=30
    ) as client:
        settings = {"batch": {"enabled": True, "maxRequests": 1000, "timeout": 30}}
        client.patch("/api/settings", json=settings).raise_for_status()
        body = {"collections": seed.COLLECTIONS, "deleteMissing": False}
        expect_success(client.put("/api/collections/import", json=body))
        for name, rows in seed.RECORDS.items():
            for row in rows:
                path = f"/api/collections/{name}/records"
                expect_success(client.post(path, json=seed.with_password(name, row)))
