"""One change of collections, carried out in an open transaction; see `mariadb_tables`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import CreateIndex, CreateTable, CreateView, views_in_order
from tenfold.schema.view_query import ViewRefused
from tenfold.store.contract import Outdated, SchemaRefused
from tenfold.store.mariadb_catalog import MariadbCatalog, save_catalog_rows
from tenfold.store.mariadb_connection import (
    WRITE_LIMIT_S,
    MariadbConnection,
    ServerError,
    TooLarge,
)
from tenfold.store.mariadb_dialect import MariadbDialect, quoted
from tenfold.store.mariadb_indexes import IndexRefused, uniques
from tenfold.store.mariadb_tables import (
    copy_records,
    create_table,
    is_same_table,
    new_name,
    offending_indexes,
)
from tenfold.store.mariadb_views import try_view

CREATE_LIMIT_S = 30.0

OpenSchema = Callable[[], Awaitable[MariadbConnection]]


class SchemaChange:
    """From one catalog to the next: new tables, records copied, rows of `_collections`.

    `dropped` are the tables that nobody names any more once it is committed.
    """

    def __init__(
        self,
        described: MariadbCatalog,
        saved: Sequence[Collection],
        removed: Sequence[Collection],
    ) -> None:
        self._described = described
        self._saved = saved
        self._removed = removed
        self._after = described.catalog.replace(saved).without(removed)
        self._tables = dict(described.tables)
        self.dropped: list[str] = []

    @staticmethod
    def unique_columns(
        collection: Collection, key: str, dialect: MariadbDialect
    ) -> tuple[str, ...] | None:
        """The columns of a unique key by the name that it has in the table."""
        found = (u.columns for u in uniques(collection, dialect) if u.column == key)
        return next(found, None)

    async def apply(self, connection: MariadbConnection, schema: OpenSchema) -> MariadbCatalog:
        """Do all of it. Raises: SchemaRefused; the transaction must not be kept then."""
        self._described.shadow.try_change(self._saved, self._removed)
        for collection in self._removed:
            self._leave(collection)
        # A copy takes as long as there are records.
        await connection.limit(0)
        try:
            for collection in self._saved:
                await self._save(connection, schema, collection)
        finally:
            if not connection.is_lost:
                await connection.limit(WRITE_LIMIT_S)
        described = self._described.changed(self._after, self._tables)
        await self._try_views(connection, described)
        await save_catalog_rows(connection, self._saved, self._removed, self._tables)
        return described

    async def empty(self, connection: MariadbConnection, schema: OpenSchema) -> MariadbCatalog:
        """Give every saved collection, its description as it was, a new table without records."""
        for collection in self._saved:
            name = await self._create(schema, collection)
            self._leave(collection)
            self._tables[collection.id] = name
        await save_catalog_rows(connection, self._saved, (), self._tables)
        return self._described.changed(self._after, self._tables)

    # --- tables ---

    def _leave(self, collection: Collection) -> None:
        table = self._tables.pop(collection.id, None)
        if table is not None:
            self.dropped.append(table)

    async def _save(
        self, connection: MariadbConnection, schema: OpenSchema, after: Collection
    ) -> None:
        before = self._described.catalog.by_id.get(after.id)
        if before is not None and before.type != after.type:
            self._leave(before)
            before = None
        if after.type == "view":
            return
        if before is not None and is_same_table(before, after):
            return
        old = self._tables.get(after.id) if before else None
        try:
            name = await self._create(schema, after)
            if before is not None and old is not None:
                await copy_records(connection, quoted(old), quoted(name), before, after)
        except (ServerError, TooLarge, Outdated, IndexRefused) as error:
            raise await self._explained(connection, error, before, after, old) from error
        self._leave(after)
        self._tables[after.id] = name

    async def _create(self, schema: OpenSchema, collection: Collection) -> str:
        name = new_name(collection)
        apart = await schema()
        sql = create_table(name, collection, self._described.dialect)
        await apart.rows(sql, (), CREATE_LIMIT_S)
        return name

    async def _explained(
        self,
        connection: MariadbConnection,
        error: Exception,
        before: Collection | None,
        after: Collection,
        old: str | None,
    ) -> SchemaRefused:
        if before is not None and old is not None:
            dialect = self._described.dialect
            found = await offending_indexes(connection, quoted(old), before, after, dialect)
            if found:
                return SchemaRefused(
                    tuple((CreateIndex(after.name, text), told) for text, told in found)
                )
        return SchemaRefused(((CreateTable(after), f"SQL logic error: {error} (1)"),))

    # --- views ---

    async def _try_views(self, connection: MariadbConnection, described: MariadbCatalog) -> None:
        """A view that was saved, or that reads what changed, must go on working."""
        for view in self._touched_views(self._after):
            try:
                await try_view(connection, view, described)
            except ViewRefused as error:
                raise SchemaRefused(((CreateView(view), str(error)),)) from error

    def _touched_views(self, after: Catalog) -> list[Collection]:
        known = self._described.catalog.by_id
        if not self._removed and all(c.id not in known for c in self._saved):
            return views_in_order(c for c in self._saved if c.type == "view")
        return views_in_order(c for c in after.collections if c.type == "view")
