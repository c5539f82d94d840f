from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tenfold.jobs import JobStore
from tenfold.store.contract import Transaction
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_jobs import MariadbJobs
from tenfold.store.mariadb_location import MariadbLocation
from tests.contracts.jobs import JobStoreSuite, claim, put
from tests.engines.mariadb import MariaDB, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with running(tmp_path_factory.mktemp("mariadb") / "server") as server:
        yield server


@pytest.fixture
async def store(tmp_path: Path, server: MariaDB) -> AsyncIterator[MariadbStore]:
    location = MariadbLocation.parse(server.url(await server.anew_database()))
    store = MariadbStore(location, tmp_path)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def jobs(store: MariadbStore) -> JobStore:
    return MariadbJobs(store)


class TestMariadbJobs(JobStoreSuite):
    pass


@pytest.mark.anyio
async def test_enqueue_joins_the_write(store: MariadbStore, jobs: JobStore) -> None:
    told: list[int] = []

    async def enqueue(tx: Transaction) -> None:
        await jobs.enqueue("mail", 1, key="", run_at=None, attempts=1, then=lambda: told.append(1))

    async def enqueue_and_fail(tx: Transaction) -> None:
        await enqueue(tx)
        assert told == []
        raise ValueError

    with pytest.raises(ValueError):
        await store.write(enqueue_and_fail)
    assert await claim(jobs) == [] and told == []
    await store.write(enqueue)
    assert len(await claim(jobs)) == 1 and told == [1]


@pytest.mark.anyio
async def test_jobs_are_no_data_changes(store: MariadbStore, jobs: JobStore) -> None:
    before = await store.last_seq()
    await put(jobs)
    for job in await claim(jobs):
        await jobs.finish(job)
    assert await store.last_seq() == before
