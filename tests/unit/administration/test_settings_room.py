"""Stored settings: kept, followed by all workers, encrypted at rest; limits and addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfold.administration import (
    Asked,
    RateLimiter,
    SettingsRoom,
    StoredSettings,
    SuperuserGate,
    to_public,
)
from tenfold.bus import Counters
from tenfold.errors import BadRequest, Forbidden, OperatorError, TooManyRequests
from tenfold.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

KEY = "k" * 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def room(store: SqliteStore) -> SettingsRoom:
    opened = SettingsRoom(store)
    await opened.open()
    return opened


async def test_defaults_and_patches(room: SettingsRoom) -> None:
    assert room.current() == StoredSettings()
    await room.patch({"meta": {"appName": "Mine"}, "smtp": {"password": "hush"}})
    assert room.current().meta.app_name == "Mine"
    assert room.current().meta.sender_name == "Support"
    assert "hush" not in str(to_public(room.current()))


async def test_bad_patches_change_nothing(room: SettingsRoom) -> None:
    with pytest.raises(BadRequest) as raised:
        await room.patch({"meta": {"appName": ""}, "batch": {"timeout": -1}})
    assert set(raised.value.errors) == {"meta", "batch"}
    assert room.current() == StoredSettings()


async def test_other_workers_follow(room: SettingsRoom, store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path)
    await other.open()
    there = SettingsRoom(other)
    await there.open()
    heard: list[str] = []
    room.listen(lambda settings: heard.append(settings.meta.app_name))
    await there.patch({"meta": {"appName": "From there"}})
    await other.close()
    # A poll is what every request begins with.
    store.poll()
    assert room.current().meta.app_name == "From there"
    assert heard == ["From there"]


async def test_encrypted_at_rest(store: SqliteStore) -> None:
    room = SettingsRoom(store, KEY)
    await room.open()
    await room.patch({"s3": {"secret": "find me"}})
    kept = await store.param("settings")
    assert kept and "find me" not in kept
    again = SettingsRoom(store, KEY)
    await again.open()
    assert again.current().s3.secret == "find me"
    with pytest.raises(OperatorError, match="can't be read"):
        await SettingsRoom(store, "x" * 32).open()


async def test_superuser_addresses(room: SettingsRoom) -> None:
    gate = SuperuserGate(room)
    gate.check("10.1.2.3")
    await room.patch({"superuserIPs": ["10.0.0.0/8", "::1"]})
    gate.check("10.1.2.3")
    gate.check("::ffff:10.1.2.3")
    for address in ("11.1.2.3", "::2", "", "nonsense"):
        with pytest.raises(Forbidden):
            gate.check(address)


def _limits(*rules: tuple[str, str, int], excluded: tuple[str, ...] = ()) -> object:
    shown = [
        {"label": label, "audience": audience, "duration": 60, "maxRequests": most}
        for label, audience, most in rules
    ]
    return {"rateLimits": {"enabled": True, "rules": shown, "excludedIPs": list(excluded)}}


def _allowed(limiter: RateLimiter, asked: Asked, tries: int = 5) -> int:
    for count in range(tries):
        try:
            limiter.check(asked)
        except TooManyRequests:
            return count
    return tries


async def test_rate_limits(room: SettingsRoom) -> None:
    limiter = RateLimiter(room, Counters(None))
    here = Asked("GET", "/api/health", "10.1.2.3")
    assert not limiter.is_enabled and _allowed(limiter, here) == 5
    await room.patch(
        _limits(
            ("/api/", "", 4),
            ("/api/health", "@guest", 2),
            ("GET /api/health", "@auth", 3),
            excluded=("10.9.0.0/16",),
        )
    )
    assert limiter.is_enabled
    assert _allowed(limiter, here) == 2
    assert _allowed(limiter, Asked("GET", "/api/health", "10.1.2.4")) == 2
    assert _allowed(limiter, Asked("GET", "/api/health", "10.1.2.3", is_auth=True)) == 3
    assert _allowed(limiter, Asked("GET", "/api/other", "10.1.2.3")) == 4
    assert _allowed(limiter, Asked("GET", "/public.html", "10.1.2.3")) == 5
    assert _allowed(limiter, Asked("GET", "/api/health", "10.9.2.3")) == 5
    superuser = Asked("GET", "/api/health", "10.1.2.3", is_auth=True, is_superuser=True)
    assert _allowed(limiter, superuser) == 5


async def test_rate_limits_of_collections(room: SettingsRoom) -> None:
    limiter = RateLimiter(room, Counters(None))
    await room.patch(_limits(("posts:list", "", 1), ("*:list", "", 2)))

    def lists(name: str) -> Asked:
        path = f"/api/collections/{name}/records"
        return Asked(
            "GET",
            path,
            "10.1.2.3",
            pattern="p",
            tags=("list",),
            collection_id=f"id_{name}",
            collection_name=name,
        )

    assert _allowed(limiter, lists("posts")) == 1
    assert _allowed(limiter, lists("tags")) == 2
    assert _allowed(limiter, lists("users")) == 2
