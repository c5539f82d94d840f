"""Views on a SQLite connection: what columns a query has, making it, trying its ids."""

from __future__ import annotations

import re
from typing import Any

import apsw

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.view_query import ViewRefused, parse_view_query, trimmed
from tenfold.store.sqlite_connection import Budget, rows
from tenfold.store.statements import quoted

ID_LIMIT_S = 5.0
"""How long the ids of a new view may take to be looked through."""

MOST_QUOTED_TEXTS = 100

_PROBE = "_rev_probe"
_QUOTED_TEXT = re.compile(r'no such column: "(.*)" - should this be .*', re.DOTALL)
"""PocketBase's SQLite takes names in double quotes that are none for texts; ours does not."""
_OPEN_COLUMNS = frozenset({"id", "name", "type"})
"""What a view may show of `_collections`; all other tables of Tenfold's own are closed."""

BAD_IDS = "the query could return records with empty or invalid ids"
TWIN_IDS = "the query could return records with non-unique ids"


def probe_view(connection: apsw.Connection, query: str, catalog: Catalog) -> tuple[str, ...]:
    """The names of the columns that a view with this query would have.

    Raises: ViewRefused when SQLite can't make one of it, or when it reads what it may not.
    """
    return settle_view(connection, query, catalog)[0]


def view_statement(connection: apsw.Connection, view: Collection, catalog: Catalog) -> str:
    """The CREATE VIEW of a collection; ids are text in it, whatever they are in its query.

    Raises: ViewRefused.
    """
    columns, query = settle_view(connection, view.view_query, catalog)
    shown = "*"
    if "id" in columns and not _has_stored_ids(view.view_query):
        parts = ("CAST(id AS TEXT) AS id" if name == "id" else quoted(name) for name in columns)
        shown = ", ".join(parts)
    return f"CREATE VIEW {quoted(view.name)} AS SELECT {shown} FROM ({query}\n)"


def settle_view(
    connection: apsw.Connection, query: str, catalog: Catalog
) -> tuple[tuple[str, ...], str]:
    """The columns of a query, and the query without text in double quotes.

    Raises: ViewRefused.
    """
    query = trimmed(query)
    for _ in range(MOST_QUOTED_TEXTS):
        try:
            return _try_once(connection, query, catalog), query
        except apsw.SQLError as error:
            found = _QUOTED_TEXT.fullmatch(str(error))
            if found is None or f'"{found[1]}"' not in query:
                raise ViewRefused(f"SQL logic error: {error} (1)") from error
            query = query.replace(f'"{found[1]}"', "'" + found[1].replace("'", "''") + "'")
        except (apsw.AuthError, apsw.TooBigError) as error:
            raise ViewRefused(f"SQL logic error: {error} (1)") from error
    raise ViewRefused("too many texts in double quotes")


def _try_once(connection: apsw.Connection, query: str, catalog: Catalog) -> tuple[str, ...]:
    rows(connection, f"CREATE VIEW {_PROBE} AS SELECT * FROM ({query}\n)")
    try:
        names = tuple(name for _, name, *_ in rows(connection, f"PRAGMA table_xinfo({_PROBE})"))
        connection.authorizer = _Gate(frozenset(c.name.lower() for c in catalog.collections))
        rows(connection, f"SELECT * FROM {_PROBE} LIMIT 0")
        return names
    finally:
        connection.authorizer = None
        rows(connection, f"DROP VIEW {_PROBE}")


def check_view_ids(connection: apsw.Connection, view: Collection) -> None:
    """Look for records without an id or with another's. Blocks. Raises: ViewRefused."""
    if _has_stored_ids(view.view_query):
        return
    name = quoted(view.name)
    budget = Budget(connection)
    budget.start(ID_LIMIT_S)
    try:
        if rows(connection, f"SELECT 1 FROM {name} WHERE coalesce(id, '') = '' LIMIT 1"):
            raise ViewRefused(BAD_IDS)
        if rows(connection, f"SELECT 1 FROM {name} GROUP BY id HAVING count(*) > 1 LIMIT 1"):
            raise ViewRefused(TWIN_IDS)
    except apsw.InterruptError as error:
        raise ViewRefused(f"the query took longer than {ID_LIMIT_S:g} s") from error
    except (apsw.SQLError, apsw.TooBigError, apsw.MismatchError) as error:
        raise ViewRefused(f"SQL logic error: {error} (1)") from error
    finally:
        connection.set_progress_handler(None)


class _Gate:
    """SQLite asks it about every table that a query reads."""

    def __init__(self, open_tables: frozenset[str]) -> None:
        self._open = open_tables

    def __call__(self, action: int, first: str | None, second: str | None, *rest: Any) -> int:
        del rest
        if action != apsw.SQLITE_READ or self._is_open((first or "").lower(), second or ""):
            return apsw.SQLITE_OK
        return apsw.SQLITE_DENY

    def _is_open(self, table: str, column: str) -> bool:
        if not table.startswith(("_", "sqlite_")) or table in self._open or table == _PROBE:
            return True
        return table == "_collections" and column in _OPEN_COLUMNS


def _has_stored_ids(query: str) -> bool:
    try:
        return parse_view_query(query).has_stored_ids
    except ViewRefused:
        return False
