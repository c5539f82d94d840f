"""Remembered tokens: right, forgotten in time, and safe to ask from any thread."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tenfold.auth import Authenticator, tokens
from tenfold.schema.record import Record
from tenfold.store.contract import COLLECTIONS, Change
from tests.unit.auth.conftest import SERVICE, World

pytestmark = pytest.mark.anyio


def watching(world: World, **options: Any) -> Authenticator:
    made = Authenticator(world.store, clock=lambda: world.time, **options)
    world.store.listen(made.evict)
    return made


def token_of(world: World, account: Record, **claims: Any) -> str:
    return tokens.make(account, "auth", world.time, **claims)


async def test_a_token_is_remembered_until_it_ends(world: World) -> None:
    authenticator = watching(world)
    account = await world.account("ann")
    token = token_of(world, account, refreshable=True)
    assert authenticator.find(token) is None
    actor = await authenticator.authenticate(token)
    assert actor is not None and actor.record.id == account.id and actor.token_is_refreshable
    assert authenticator.find(token) is actor
    world.time += 5 * 86_400 + 1
    assert authenticator.find(token) is None
    assert await authenticator.authenticate(token) is None


async def test_other_kinds_are_refused(world: World) -> None:
    authenticator = watching(world)
    account = await world.account("ann")
    file_token = tokens.make(account, "file", world.time)
    assert await authenticator.authenticate(file_token) is None
    found = await authenticator.file_actor(file_token)
    assert found is not None and not found.token_is_refreshable
    assert await authenticator.file_actor(token_of(world, account)) is None


async def test_a_changed_account_is_seen_at_once(world: World) -> None:
    authenticator = watching(world)
    account = await world.account("ann")
    token = token_of(world, account)
    await authenticator.authenticate(token)
    users = world.collection()
    await world.auth.writes.update(users, account.id, {"name": "new"}, SERVICE)
    assert authenticator.find(token) is None
    actor = await authenticator.authenticate(token)
    assert actor is not None and actor.record["name"] == "new"
    new = {"password": "another-one", "passwordConfirm": "another-one"}
    await world.auth.writes.update(users, account.id, new, SERVICE)
    assert await authenticator.authenticate(token) is None


async def test_a_deleted_account_is_gone(world: World) -> None:
    authenticator = watching(world)
    account = await world.account("ann")
    token = token_of(world, account)
    await authenticator.authenticate(token)
    await world.auth.writes.delete(world.collection(), account.id, SERVICE)
    assert await authenticator.authenticate(token) is None


async def test_a_changed_collection_ends_what_is_remembered(world: World) -> None:
    authenticator = watching(world)
    token = token_of(world, await world.account("ann"))
    await authenticator.authenticate(token)
    authenticator.evict(Change(0, COLLECTIONS, "users", "update"))
    assert authenticator.find(token) is None


async def test_no_more_than_the_limit_is_remembered(world: World) -> None:
    authenticator = watching(world, limit=3)
    account = await world.account("ann")
    made = [token_of(world, account, n=n) for n in range(5)]
    for token in made:
        await authenticator.authenticate(token)
    assert [authenticator.find(token) is not None for token in made] == [False] * 2 + [True] * 3


async def test_threads_may_ask_while_others_evict(world: World) -> None:
    authenticator = watching(world, limit=20)
    account = await world.account("ann")
    made = [token_of(world, account, n=n) for n in range(40)]
    failures: list[BaseException] = []
    is_over = threading.Event()

    def disturb() -> None:
        try:
            while not is_over.is_set():
                authenticator.evict(Change(0, account.collection.id, account.id, "update"))
                for token in made:
                    authenticator.find(token)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=disturb) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(300):
        assert await authenticator.authenticate(made[turn % len(made)]) is not None
    is_over.set()
    for thread in threads:
        thread.join()
    assert not failures
