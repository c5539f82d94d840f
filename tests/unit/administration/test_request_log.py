"""The request log: what a row says, masked secrets, sampling, forgetting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tenfold.administration import RequestLog, SettingsRoom
from tenfold.administration import request_log as request_log_module
from tenfold.administration.log_rows import LOGS
from tenfold.errors import NotFound
from tenfold.filters import check, check_sort
from tenfold.schema.actor import NOBODY, Actor
from tenfold.schema.collection import Catalog
from tenfold.store.logs import LogRow
from tenfold.store.select import Query
from tenfold.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

CATALOG = Catalog((LOGS,))


@dataclass
class Asked:
    """A request as the log reads it."""

    path: str = "/api/posts"
    query_string: str = ""
    method: str = "GET"
    client_ip: str = "10.1.2.3"
    remote_ip: str = "127.0.0.1"
    actor: Actor | None = None

    def header(self, name: str) -> str:
        return {"user-agent": "tester"}.get(name, "")


@dataclass
class Done:
    """An answered request."""

    request: Asked
    status: int = 200
    duration_s: float = 0.001
    error: BaseException | None = None


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[SettingsRoom]:
    store = SqliteStore(tmp_path)
    await store.open()
    opened = SettingsRoom(store)
    await opened.open()
    yield opened
    await store.close()


@pytest.fixture
async def log(tmp_path: Path, room: SettingsRoom, clock: Clock) -> AsyncIterator[RequestLog]:
    opened = RequestLog(tmp_path, room, clock)
    await opened.open()
    yield opened
    await opened.close()


async def _rows(log: RequestLog, where: str = "") -> list[LogRow]:
    conditions = ((check(where, LOGS, CATALOG), NOBODY),) if where else ()
    return await log.select(Query(LOGS, conditions, check_sort("@rowid", LOGS, CATALOG)))


async def test_rows(log: RequestLog) -> None:
    log.record(Done(Asked(query_string="token=secret&a=1")))
    log.record(Done(Asked(method="POST"), 404, error=NotFound()))
    first, second = await _rows(log)
    assert (first.level, first.message) == (0, "GET /api/posts?token=***&a=1")
    assert (second.level, second.message) == (8, "POST /api/posts")
    data = msgspec.json.decode(second.data)
    assert data["status"] == 404 and data["userIP"] == "10.1.2.3" and data["execTime"] == 1
    assert data["error"] == "The requested resource wasn't found."


async def test_filters_and_hours(log: RequestLog, clock: Clock) -> None:
    log.record(Done(Asked()))
    clock.now += timedelta(hours=1)
    log.record(Done(Asked("/api/other"), 400))
    assert len(await _rows(log, "data.status >= 400 && message ~ 'other'")) == 1
    assert await log.per_hour(Query(LOGS)) == [
        ("2026-01-02 03:00:00.000Z", 1),
        ("2026-01-02 04:00:00.000Z", 1),
    ]


async def test_policy(log: RequestLog, room: SettingsRoom) -> None:
    await room.patch({"logs": {"minLevel": 8, "logIP": False}})
    log.record(Done(Asked()))
    log.record(Done(Asked(), 500))
    (row,) = await _rows(log)
    assert "userIP" not in row.data
    await room.patch({"logs": {"maxDays": 0}})
    log.record(Done(Asked(), 500))
    assert len(await _rows(log)) == 1


async def test_long_texts_are_cut(log: RequestLog, room: SettingsRoom) -> None:
    await room.patch({"logs": {"maxDataSize": 120}})
    log.record(Done(Asked("/" + "x" * 10_000)))
    (row,) = await _rows(log)
    assert len(row.data) <= 120 and "__pb_truncated__" in row.data
    assert len(row.message) < 3_000


async def test_successes_are_sampled(log: RequestLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log_module, "FLUSH_EVERY_S", 1000)
    for _ in range(1_000):
        log.record(Done(Asked()))
    log.record(Done(Asked(), 500))
    rows = await _rows(log)
    assert len(rows) == request_log_module.BURST + 2
    assert rows[-1].message.startswith("800 more requests")
    assert rows[-2].level == 8


async def test_old_rows_go(log: RequestLog, clock: Clock) -> None:
    log.record(Done(Asked()))
    await log.flush()
    clock.now += timedelta(days=4)
    log.record(Done(Asked()))
    await log.flush()
    await log.clean()
    assert len(await _rows(log)) == 2
    clock.now += timedelta(days=2)
    await log.clean()
    assert len(await _rows(log)) == 1
    await log.clear()
    assert not await _rows(log)
