"""SQLite: the contract, the length of its change log, and what a kill leaves."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tenfold.store import sqlite
from tenfold.store.contract import Change, Store
from tenfold.store.sqlite import GAP, SqliteStore
from tests.contracts.store import POSTS, OpenStore, StoreContract, insert, post

pytestmark = pytest.mark.anyio


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        async def open_one() -> Store:
            store = SqliteStore(tmp_path)
            await store.open()
            return store

        return open_one


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path)
    await store.open()
    await store.write(lambda tx: tx.save_collections([POSTS]))
    yield store
    await store.close()


async def test_the_change_log_stays_short(store: SqliteStore) -> None:
    await insert(store, *(post(f"r{n}") for n in range(900)))
    for _ in range(5):
        await store.prune(kept=100)
    last = await store.last_seq()
    assert [c.seq for c in await store.changes(0, 1000)] == list(range(last - 99, last + 1))


async def test_the_log_prunes_itself(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def prune(kept: int = 0) -> None:
        asked.append(kept)

    monkeypatch.setattr(store, "prune", prune)
    for _ in range(3):
        await insert(store, *(post(f"{_}-{n}") for n in range(sqlite.PRUNE_EVERY)))
    await asyncio.sleep(0)
    assert len(asked) == 3


async def test_who_fell_behind_is_told_of_the_gap(store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path)
    await other.open()
    heard: list[Change] = []
    other.listen(heard.append)
    await insert(store, *(post(f"r{n}") for n in range(50)))
    await store.prune(kept=10)
    other.poll()
    assert heard[0] is GAP
    assert [c.record_id for c in heard[1:]] == [f"r{n}" for n in range(40, 50)]
    await other.close()


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    writer = spawn.Process(target=_write_until_killed, args=(tmp_path, theirs))
    writer.start()
    acknowledged = [mine.recv() for _ in range(50)]
    writer.kill()
    writer.join(10)
    theirs.close()
    store = SqliteStore(tmp_path)
    await store.open()
    posts = store.catalog.find("posts")
    assert posts is not None
    assert set(await store.find_many(posts, acknowledged)) == set(acknowledged)
    await store.close()


def _write_until_killed(folder: Path, acknowledged: Connection) -> None:
    asyncio.run(_write_forever(folder, acknowledged))


async def _write_forever(folder: Path, acknowledged: Connection) -> None:
    store = SqliteStore(folder)
    await store.open()
    await store.write(lambda tx: tx.save_collections([POSTS]))

    async def write(lane: int) -> None:
        for number in range(100_000):
            await insert(store, post(f"{lane}-{number}"))
            acknowledged.send(f"{lane}-{number}")

    await asyncio.gather(*(write(lane) for lane in range(8)))
