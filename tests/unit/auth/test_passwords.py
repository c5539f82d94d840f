"""Hashing off the loop: right, as slow for strangers, and bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from tenfold.auth import Passwords
from tenfold.errors import Unavailable

pytestmark = pytest.mark.anyio
COST = 5


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(threads=1, queue_limit=3)
    yield made
    made.close()


async def test_a_hash_is_of_one_password(passwords: Passwords) -> None:
    hashed = await passwords.hash("secret", COST)
    assert hashed.startswith("$2a$05$")
    assert await passwords.verify("secret", hashed)
    assert not await passwords.verify("Secret", hashed)


@pytest.mark.parametrize("hashed", ["", "x", "$2a$05$short", "$2a$99$" + "a" * 53, "é"])
async def test_an_odd_hash_fits_nothing(passwords: Passwords, hashed: str) -> None:
    assert not await passwords.verify("secret", hashed)


@pytest.mark.parametrize("text", ["x" * 1000, "\ud800", "a\x00b", ""])
async def test_odd_texts_are_wrong_and_no_more(passwords: Passwords, text: str) -> None:
    assert not await passwords.verify(text, await passwords.hash("secret", COST))


async def test_a_stranger_takes_as_long(passwords: Passwords) -> None:
    hashed = await passwords.hash("secret", 8)
    started = time.process_time()
    await passwords.verify("wrong", hashed)
    real = time.process_time() - started
    started = time.process_time()
    assert not await passwords.pretend("wrong", 8)
    assert 0.3 < (time.process_time() - started) / real < 3


async def test_a_storm_is_refused_and_over_with_its_end(passwords: Passwords) -> None:
    results = await asyncio.gather(
        *(passwords.hash("secret", 8) for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(r, Unavailable) for r in results) == 3
    assert await passwords.hash("secret", COST)


async def test_those_who_leave_give_their_place_back(passwords: Passwords) -> None:
    tasks = [asyncio.ensure_future(passwords.hash("secret", 8)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.3)
    assert await passwords.hash("secret", COST)
