"""Copies between real databases, in every direction that a move takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tenfold.store.copying import CopyStore
from tenfold.store.jobs import JobStore
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_batches import MOST_CHARS, ROWS_AT_ONCE, batches
from tenfold.store.mariadb_jobs import MariadbJobs
from tenfold.store.mariadb_location import MariadbLocation
from tenfold.store.sqlite import SqliteStore
from tenfold.store.sqlite_jobs import SqliteJobs
from tests.contracts.copying import CopyContract, CopySide
from tests.engines.mariadb import MariaDB, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with running(tmp_path_factory.mktemp("mariadb") / "server") as server:
        yield server


def sqlite_side(folder: Path) -> CopySide:
    async def open_one() -> CopyStore:
        store = SqliteStore(folder)
        await store.open()
        return store

    def jobs(store: CopyStore) -> JobStore:
        return SqliteJobs(cast(SqliteStore, store))

    return CopySide(open_one, jobs)


async def mariadb_side(folder: Path, server: MariaDB) -> CopySide:
    location = MariadbLocation.parse(server.url(await server.anew_database()))

    async def open_one() -> CopyStore:
        store = MariadbStore(location, folder)
        await store.open()
        return store

    def jobs(store: CopyStore) -> JobStore:
        return MariadbJobs(cast(MariadbStore, store))

    return CopySide(open_one, jobs)


class TestSqliteToSqlite(CopyContract):
    @pytest.fixture
    def source_side(self, tmp_path: Path) -> CopySide:
        return sqlite_side(tmp_path / "source")

    @pytest.fixture
    def target_side(self, tmp_path: Path) -> CopySide:
        return sqlite_side(tmp_path / "target")


class TestSqliteToMariadb(CopyContract):
    @pytest.fixture
    def source_side(self, tmp_path: Path) -> CopySide:
        return sqlite_side(tmp_path / "source")

    @pytest.fixture
    async def target_side(self, tmp_path: Path, server: MariaDB) -> CopySide:
        return await mariadb_side(tmp_path / "target", server)


class TestMariadbToSqlite(CopyContract):
    @pytest.fixture
    async def source_side(self, tmp_path: Path, server: MariaDB) -> CopySide:
        return await mariadb_side(tmp_path / "source", server)

    @pytest.fixture
    def target_side(self, tmp_path: Path) -> CopySide:
        return sqlite_side(tmp_path / "target")


def test_a_batch_is_neither_long_nor_large() -> None:
    rows = [(n, "x" * (n % 7) * 20_000) for n in range(500)]
    found = list(batches(rows))
    assert [row for some in found for row in some] == rows
    for some in found:
        assert len(some) in ROWS_AT_ONCE
        assert len(some) == 1 or sum(len(text) for _, text in some) <= MOST_CHARS


def test_a_batch_has_no_more_values_than_the_protocol_counts() -> None:
    assert [len(some) for some in batches([(1,) * 2_000] * 30)] == [8, 8, 8, 1, 1, 1, 1, 1, 1]
