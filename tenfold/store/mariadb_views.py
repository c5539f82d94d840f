"""Views over MariaDB: what columns a query has, trying it, trying its ids.

The database holds no view: a view's query, translated, stands in brackets wherever its
records are read.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenfold.errors import TenfoldError
from tenfold.schema.collection import Collection
from tenfold.schema.view_query import ViewRefused, parse_view_query
from tenfold.store.contract import Outdated
from tenfold.store.mariadb_catalog import MariadbCatalog
from tenfold.store.mariadb_connection import MariadbConnection, ServerError, TooLarge, TooSlow

PROBE_LIMIT_S = 5.0
ID_LIMIT_S = 10.0
"""How long the ids of a new view may take to be looked through."""

BAD_IDS = "the query could return records with empty or invalid ids"
TWIN_IDS = "the query could return records with non-unique ids"

_UNKNOWN_COLUMN = re.compile(r"Unknown column '([^']*)'")
_UNKNOWN_TABLE = re.compile(r"Table '(?:[^']*\.)?([^']*)' doesn't exist")

T = TypeVar("T")


async def try_view(
    connection: MariadbConnection, view: Collection, described: MariadbCatalog
) -> None:
    """Read nothing from a view. Raises: ViewRefused when that can't be done."""
    source = described.source(view)
    await _tried(lambda: _probe(connection, source))


async def check_view_ids(
    connection: MariadbConnection, view: Collection, described: MariadbCatalog
) -> None:
    """Look for records without an id or with another's. Raises: ViewRefused."""
    try:
        if parse_view_query(view.view_query).has_stored_ids:
            return
    except ViewRefused:
        pass
    source = described.source(view)
    empty = f"SELECT 1 FROM {source} AS v WHERE COALESCE(id, '') = '' LIMIT 1"
    twins = f"SELECT 1 FROM {source} AS v GROUP BY id HAVING COUNT(*) > 1 LIMIT 1"
    if await _tried(lambda: connection.rows(empty, (), ID_LIMIT_S)):
        raise ViewRefused(BAD_IDS)
    if await _tried(lambda: connection.rows(twins, (), ID_LIMIT_S)):
        raise ViewRefused(TWIN_IDS)


async def _probe(connection: MariadbConnection, source: str) -> None:
    await connection.rows(f"SELECT * FROM {source} AS v LIMIT 0", (), PROBE_LIMIT_S)


async def _tried(ask: Callable[[], Awaitable[T]]) -> T:
    try:
        return await ask()
    except TooSlow as error:
        raise ViewRefused(f"the query took longer than {ID_LIMIT_S:g} s") from error
    except (ServerError, Outdated, TooLarge) as error:
        raise ViewRefused(f"SQL logic error: {_in_sqlites_words(error)} (1)") from error


def _in_sqlites_words(error: TenfoldError) -> str:
    told = str(error.__cause__ or error)
    if found := _UNKNOWN_COLUMN.search(told):
        return f"no such column: {found[1].rpartition('.')[2] if '.' in found[1] else found[1]}"
    if found := _UNKNOWN_TABLE.search(told):
        return f"no such table: {found[1]}"
    return str(error)
