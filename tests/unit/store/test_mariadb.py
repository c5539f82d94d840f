"""MariaDB: the contract, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.store.contract import Store
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_location import MariadbLocation
from tests.contracts.store import OpenStore, StoreContract
from tests.engines.mariadb import MariaDB, running

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with running(tmp_path_factory.mktemp("mariadb") / "server") as server:
        yield server


class TestMariadbStore(StoreContract):
    @pytest.fixture
    async def open_store(self, tmp_path: Path, server: MariaDB) -> OpenStore:
        location = MariadbLocation.parse(server.url(await server.anew_database()))

        async def open_one() -> Store:
            store = MariadbStore(location, tmp_path)
            await store.open()
            return store

        return open_one
