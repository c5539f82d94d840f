"""An empty SQLite database of a catalog's shape, to ask what SQLite would say.

Collections, their indexes and views are written in SQLite's SQL. What it refuses, and in what
words, must not depend on the database that keeps the records; so a change is tried here
first, before any of it is translated.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import apsw

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import CreateIndex, CreateTable, CreateView, plan, views_in_order
from tenfold.schema.view_query import ViewRefused
from tenfold.store import sqlite_connection
from tenfold.store.contract import SchemaRefused
from tenfold.store.sqlite_tables import apply_steps
from tenfold.store.sqlite_views import settle_view

MEMORY = Path(":memory:")


class Shadow:
    """Tables without a row."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._connection = sqlite_connection.open_writer(MEMORY)
        for script in sorted(files("tenfold.store").joinpath("sql/sqlite").iterdir(), key=str):
            self._connection.execute(script.read_text())
        self._make()

    def _make(self) -> None:
        collections = self._catalog.collections
        tables = [c for c in collections if c.type != "view"]
        views = views_in_order(c for c in collections if c.type == "view")
        steps = [
            *map(CreateTable, tables),
            *(CreateIndex(c.name, text) for c in tables for text in c.indexes),
            *map(CreateView, views),
        ]
        for step in steps:
            try:
                apply_steps(self._connection, [step], self._catalog)
            except SchemaRefused:
                # It was good when it was made; whoever asks for it hears what is wrong now.
                continue

    def try_change(self, saved: Sequence[Collection], removed: Sequence[Collection]) -> None:
        """Try a change of collections and undo it. Raises: SchemaRefused."""
        after = self._catalog.replace(saved).without(removed)
        steps = plan(self._catalog, saved, removed)
        self._connection.execute("SAVEPOINT change")
        try:
            apply_steps(self._connection, steps, after)
        finally:
            self._connection.execute("ROLLBACK TO change")
            self._connection.execute("RELEASE change")

    def settle(self, query: str) -> tuple[tuple[str, ...], str]:
        """The columns of a view's query, and the query with every text in single quotes.

        Raises: ViewRefused.
        """
        try:
            return settle_view(self._connection, query, self._catalog)
        except apsw.Error as error:
            raise ViewRefused(f"SQL logic error: {error} (1)") from error
