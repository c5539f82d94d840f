"""SQL typed by a superuser, on MariaDB: bounded, and for reading only.

A query is written as for SQLite, over the collections by their names, and translated; so it
means the same on every database, as far as that goes. To change records there is the API.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tenfold.schema.view_query import ViewRefused
from tenfold.store.console import Column, Outcome, QueryRefused
from tenfold.store.contract import Outdated
from tenfold.store.mariadb import MariadbStore
from tenfold.store.mariadb_connection import ServerError, TooLarge, TooSlow

ROW_LIMIT = 1_000
RESULT_BYTES = 16 << 20
QUERY_CHARS = 200_000
READ_LIMIT_S = 10.0
AT_ONCE = 2


class MariadbConsole:
    """Runs queries against the data of a store."""

    def __init__(self, store: MariadbStore) -> None:
        self._store = store
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def run(self, query: str) -> Outcome:
        """Run one SELECT. Raises: QueryRefused, Unavailable."""
        if not query.strip():
            raise QueryRefused("empty query.")
        if len(query) > QUERY_CHARS:
            raise QueryRefused(f"the query has more than {QUERY_CHARS} characters.")
        try:
            sql = await asyncio.to_thread(self._store.described.translated, query)
        except ViewRefused as error:
            told = str(error).replace("only a SELECT can be a view", "only a SELECT can be run")
            raise QueryRefused(f"{told}.") from error
        limited = f"SELECT * FROM ({sql}) AS q LIMIT {ROW_LIMIT}"
        async with self._turns:
            try:
                names, rows = await self._store.table(limited, READ_LIMIT_S)
            except TooSlow as error:
                raise QueryRefused(f"the query took longer than {READ_LIMIT_S:g} s.") from error
            except (ServerError, TooLarge, Outdated) as error:
                raise QueryRefused(f"SQL logic error: {error.__cause__ or error} (1).") from error
        return _outcome(names, rows)


def _outcome(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Outcome:
    shown = [[_text(value) for value in row] for row in rows]
    if sum(len(text) for row in shown for text in row if text) > RESULT_BYTES:
        raise QueryRefused(f"the result is larger than {RESULT_BYTES >> 20} MiB.")
    return Outcome([Column(name, "") for name in names], shown)


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return None if value is None else str(value)
