"""Work after the answer: done, bounded, and not in the way of a stop."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tenfold.auth import Background

pytestmark = pytest.mark.anyio


async def test_work_is_finished_before_a_stop() -> None:
    background, done = Background(), list[int]()

    async def work() -> None:
        await asyncio.sleep(0.01)
        done.append(1)

    background.start(work(), "work")
    await background.finish()
    assert done == [1]


async def test_a_failure_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def work() -> None:
        raise ValueError("bad")

    with caplog.at_level(logging.ERROR):
        background.start(work(), "a mail")
        await background.finish()
    assert "a mail failed" in caplog.text


async def test_too_much_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    background = Background(limit=1)
    background.start(asyncio.sleep(0.01), "one")
    background.start(asyncio.sleep(0.01), "two")
    await background.finish()
    assert "two was dropped" in caplog.text


async def test_a_stop_waits_only_so_long() -> None:
    background = Background()
    background.start(asyncio.sleep(60), "endless")
    async with asyncio.timeout(5):
        await background.finish(0.01)
