"""Data folders made without a server: collections and settings straight into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tenfold.administration import SettingsRoom
from tenfold.databases import database_of
from tenfold.schema.parse import parse_collection
from tenfold.settings import load
from tenfold.store.contract import Store, Transaction
from tests.stores import store_environment

OPEN = {f"{name}Rule": "" for name in ("list", "view", "create", "update", "delete")}
"""The rules of a collection in which everyone may do everything."""

Row = dict[str, Any]


def open_collection(name: str, *fields: Row, **more: Any) -> Row:
    """The JSON of a base collection that everyone may use."""
    return {"name": name, "type": "base", "fields": list(fields), **OPEN, **more}


def plant(
    folder: Path, collections: Sequence[Row], settings: Mapping[str, Any] | None = None
) -> None:
    """Make a data folder that holds these collections; no server may run on it."""
    boot = load({"dir": folder}, environ=store_environment(folder))
    asyncio.run(_plant(database_of(boot).store, collections, settings or {}))


async def _plant(store: Store, collections: Sequence[Row], settings: Mapping[str, Any]) -> None:
    await store.open()
    room = SettingsRoom(store)
    await room.open()
    await room.patch(settings)

    async def work(tx: Transaction) -> None:
        await tx.save_collections([parse_collection(body) for body in collections])

    await store.write(work)
    await store.close()
