"""Run the steps of a schema change on a SQLite connection."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from tenfold.schema.collection import Catalog
from tenfold.schema.diff import CreateIndex, CreateView, Step
from tenfold.schema.view_query import ViewRefused
from tenfold.store.contract import SchemaRefused
from tenfold.store.sqlite_connection import rows
from tenfold.store.sqlite_views import view_statement
from tenfold.store.tables import statements


def apply_steps(connection: apsw.Connection, steps: Iterable[Step], catalog: Catalog) -> None:
    """Run every step, in a transaction of the caller's; `catalog` is how it will be then.

    Raises: SchemaRefused at the first step that fails, or with all the indexes that do.
    """
    refused: list[tuple[Step, str]] = []
    for step in steps:
        try:
            for sql in _statements(connection, step, catalog):
                rows(connection, sql)
        except ViewRefused as error:
            refused.append((step, str(error)))
            break
        except (apsw.SQLError, apsw.ConstraintError) as error:
            refused.append((step, explain(error)))
            if not isinstance(step, CreateIndex):
                break
    if refused:
        raise SchemaRefused(tuple(refused))


def _statements(connection: apsw.Connection, step: Step, catalog: Catalog) -> list[str]:
    if isinstance(step, CreateView):
        return [view_statement(connection, step.collection, catalog)]
    return statements(step)


def explain(error: apsw.Error) -> str:
    """An SQLite error as PocketBase words it."""
    kind = "constraint failed" if isinstance(error, apsw.ConstraintError) else "SQL logic error"
    code: int = getattr(error, "extendedresult", 0) or getattr(error, "result", 1)
    return f"{kind}: {error} ({code})"
