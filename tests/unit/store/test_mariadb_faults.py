"""MariaDB killed, frozen or cut off; a writer killed: nothing acknowledged is lost or in doubt."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tenfold.errors import Unavailable
from tenfold.schema.collection import Collection
from tenfold.schema.fields import NumberField, TextField
from tenfold.store.contract import Change, SchemaRefused, Store
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_location import MariadbLocation
from tenfold.store.mariadb_tables import COMMENT
from tenfold.store.select import Query
from tests.contracts.store import POSTS, insert, post
from tests.engines.mariadb import MariaDB, running
from tests.engines.tcp_cut import CommitCut

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    with running(tmp_path_factory.mktemp("mariadb") / "server") as server:
        yield server


@pytest.fixture
async def url(server: MariaDB) -> str:
    return server.url(await server.anew_database())


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[MariadbStore]:
    store = await opened(url, tmp_path)
    await store.write(lambda tx: tx.save_collections([POSTS]))
    yield store
    await store.close()


async def opened(url: str, folder: Path) -> MariadbStore:
    store = MariadbStore(MariadbLocation.parse(url), folder)
    await store.open()
    return store


class Writers:
    """Tasks that write on and on, and remember what was acknowledged and how it failed."""

    def __init__(self, store: Store, count: int = 8) -> None:
        self._store = store
        self._is_over = False
        self.acknowledged: list[str] = []
        self.failures: list[Exception] = []
        self._tasks = [asyncio.create_task(self._write(lane)) for lane in range(count)]

    async def _write(self, lane: int) -> None:
        number = 0
        while not self._is_over:
            number += 1
            record = post(f"w{lane}-{number}")
            try:
                await insert(self._store, record)
                self.acknowledged.append(record.id)
            except Exception as error:
                self.failures.append(error)
                await asyncio.sleep(0.02)

    async def has_written(self, more: int, limit_s: float = 20) -> None:
        """Wait until so many more writes are acknowledged."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + limit_s
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "the writers did not go on"
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        self._is_over = True
        await asyncio.gather(*self._tasks)
        assert {type(f) for f in self.failures if not isinstance(f, Unavailable)} == set()


async def test_a_killed_server_loses_nothing(store: MariadbStore, server: MariaDB) -> None:
    writers = Writers(store)
    for _ in range(3):
        await writers.has_written(30)
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(0.3)
        with suppress(Unavailable):
            await store.count(Query(POSTS))
        await asyncio.to_thread(server.start)
    await writers.has_written(30)
    await writers.end()
    assert writers.failures, "nobody noticed"
    found = await store.find_many(POSTS, writers.acknowledged)
    assert set(found) == set(writers.acknowledged)
    await assert_log_matches(store)


async def assert_log_matches(store: MariadbStore) -> None:
    """The change log has no hole, and tells of exactly the records that there are."""
    changes = await store.changes(0, 1_000_000)
    assert [c.seq for c in changes] == list(range(1, len(changes) + 1))
    told = {c.record_id for c in changes if c.collection_id == POSTS.id}
    assert told == {r.id for r in await store.select(Query(POSTS))}
    assert await store.last_seq() == len(changes)


async def test_a_frozen_server_is_given_up_and_taken_up_again(
    store: MariadbStore, server: MariaDB
) -> None:
    await insert(store, post("before"))
    server.freeze(is_frozen=True)
    try:
        started_at = time.monotonic()
        outcomes = await asyncio.gather(
            insert(store, post("during")), *(insert(store, post(f"d{n}")) for n in range(50)),
            return_exceptions=True,
        )  # fmt: skip
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert time.monotonic() - started_at < 12
    finally:
        server.freeze(is_frozen=False)
    await asyncio.sleep(0.5)
    await insert(store, post("after"))
    assert {r.id for r in await store.select(Query(POSTS))} == {"before", "after"}


@pytest.mark.parametrize("is_sent", [True, False])
async def test_a_commit_whose_answer_is_lost_is_settled(
    url: str, server: MariaDB, tmp_path: Path, is_sent: bool
) -> None:
    """Kept when the server has had the COMMIT, refused when it has not; never in doubt."""
    async with CommitCut(server.port) as cut:
        store = await opened(url.replace(str(server.port), str(cut.port)), tmp_path)
        await store.write(lambda tx: tx.save_collections([POSTS]))
        cut.arm(is_sent=is_sent)
        outcome = await asyncio.gather(insert(store, post("one")), return_exceptions=True)
        assert cut.count == 1
        assert isinstance(outcome[0], Unavailable) is not is_sent
        assert (await store.find(POSTS, "one") is not None) is is_sent
        await insert(store, post("two"))
        await assert_log_matches(store)
        await store.close()


async def test_what_a_dead_writer_committed_is_learned(
    store: MariadbStore, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends between COMMIT and telling the others leaves them no stale memory."""
    other = await opened(url, tmp_path)
    heard: list[Change] = []
    other.listen(heard.append)
    with monkeypatch.context() as patch:
        patch.setattr(store._board, "put", _nothing)  # pyright: ignore[reportPrivateUsage]
        await insert(store, post("silent"))
    deadline = time.monotonic() + 5
    while not heard and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        other.poll()
    assert [c.record_id for c in heard] == ["silent"]
    await other.close()


def _nothing(*given: object) -> None:
    del given


async def test_one_box_at_a_time(url: str, tmp_path: Path) -> None:
    store = await opened(url, tmp_path)
    await store.write(lambda tx: tx.save_collections([POSTS]))
    second = asyncio.create_task(opened(url, tmp_path / "another box"))
    await asyncio.sleep(1.5)
    assert not second.done()
    await insert(store, post("one"))
    await store.close()
    taken = await asyncio.wait_for(second, 10)
    assert await taken.find(POSTS, "one") is not None
    await taken.close()


async def test_a_lost_lease_stops_reads(
    store: MariadbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = store._lease  # pyright: ignore[reportPrivateUsage]
    assert store.is_current()
    monkeypatch.setattr(lease, "_held_until", 0.0)
    assert not store.is_current()
    with pytest.raises(Unavailable):
        await store.find(POSTS, "one")


# --- changes of the schema --------------------------------------------------------------


def with_extra(number: int) -> Collection:
    """POSTS with one field more, whose name differs each time, and another index."""
    extra = NumberField(id=f"f_extra_{number}", name=f"extra_{number}")
    index = f"CREATE INDEX `extra_{number}` ON `posts` (`extra_{number}`)"
    return replace(POSTS, fields=(*POSTS.fields, extra), indexes=(*POSTS.indexes, index))


async def test_a_schema_change_that_is_killed_happens_wholly_or_not(
    store: MariadbStore, url: str, tmp_path: Path, server: MariaDB
) -> None:
    await insert(store, *(post(f"r{n}", title=f"t{n}") for n in range(300)))
    spawn = multiprocessing.get_context("spawn")
    for pause_s in (0.0, 0.03, 0.1, 0.2):
        mine, theirs = spawn.Pipe()
        changer = spawn.Process(target=_change_until_killed, args=(url, tmp_path, theirs))
        changer.start()
        assert await asyncio.to_thread(mine.recv) == "begun"
        await asyncio.sleep(pause_s)
        changer.kill()
        await asyncio.to_thread(changer.join, 10)
        await insert(store, post(f"after-{pause_s}"))
        posts = store.catalog.by_id[POSTS.id]
        records = await store.select(Query(posts))
        assert len([r for r in records if r.id.startswith("r")]) == 300
        assert {field.name for field in posts.fields} >= {"id", "title"}
    found = await store.find_many(store.catalog.by_id[POSTS.id], ["after-0.0", "after-0.2"])
    assert len(found) == 2
    await assert_sweep_leaves_what_is_named(store, server, url)


async def assert_sweep_leaves_what_is_named(store: MariadbStore, server: MariaDB, url: str) -> None:
    database = url.rpartition("/")[2]
    query = (
        "select table_name from information_schema.tables where table_schema ="
        f" '{database}' and table_comment = '{COMMENT}'"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenfold.store.mariadb.SWEEP_AGE_S", -5)
        await store.optimize()
    named = set(store.described.tables.values())
    assert {name for (name,) in await server.aquery(query)} == named


def _change_until_killed(url: str, folder: Path, begun: Connection) -> None:
    asyncio.run(_change_forever(url, folder, begun))


async def _change_forever(url: str, folder: Path, begun: Connection) -> None:
    store = await opened(url, folder)
    begun.send("begun")
    for number in range(1_000):
        changed = with_extra(number)
        await store.write(lambda tx, c=changed: tx.save_collections([c]))


async def test_all_offended_indexes_are_named(store: MariadbStore) -> None:
    await insert(store, post("one", number=1.0), post("two", number=1.0))
    texts = (
        "CREATE UNIQUE INDEX `a` ON `posts` (`number`)",
        "CREATE UNIQUE INDEX `b` ON `posts` (`done`, `at`)",
        "CREATE UNIQUE INDEX `c` ON `posts` (`id`)",
    )
    with pytest.raises(SchemaRefused) as caught:
        await store.write(lambda tx: tx.save_collections([replace(POSTS, indexes=texts)]))
    assert [told for _, told in caught.value.causes] == [
        "constraint failed: UNIQUE constraint failed: posts.number (2067)",
        "constraint failed: UNIQUE constraint failed: posts.done, posts.at (2067)",
    ]


async def test_converted_columns_keep_what_has_a_counterpart(store: MariadbStore) -> None:
    await insert(store, post("one", title="12.5"), post("two", title="no number"))
    fields = tuple(
        NumberField(id="f_title", name="title") if f.name == "title" else f for f in POSTS.fields
    )
    texts = tuple(
        TextField(id="f_title", name="title") if f.name == "title" else f for f in POSTS.fields
    )
    for shape, expected in ((fields, [12.5, 0]), (texts, ["12.5", "0"])):
        changed = replace(POSTS, fields=shape, indexes=())
        await store.write(lambda tx, c=changed: tx.save_collections([c]))
        records = await store.select(Query(store.catalog.by_id[POSTS.id]))
        assert [r["title"] for r in records] == expected
