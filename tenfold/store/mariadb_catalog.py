"""The collections of a MariaDB database, and which of its tables holds the records of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Self
from weakref import WeakKeyDictionary

import msgspec

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.view_query import ViewRefused, parse_view_query
from tenfold.schema.wire import decode_stored, encode_stored
from tenfold.store.mariadb_connection import MariadbConnection
from tenfold.store.mariadb_dialect import MariadbDialect, quoted
from tenfold.store.mariadb_shadow import Shadow
from tenfold.store.mariadb_statements import statements
from tenfold.store.mariadb_translation import Untranslatable, translate_query
from tenfold.store.statements import Statements

CATALOG_LIMIT_S = 10.0
_OPEN_TABLE = "_collections"
_OPEN_COLUMNS = "(SELECT id, name, type FROM _collections)"
"""What a view may read of Tenfold's own tables."""

_decode = msgspec.json.Decoder(list[tuple[str, str]]).decode


class MariadbCatalog:
    """A catalog with its tables' names by collection id; never changed once made."""

    def __init__(self, flavour: str, catalog: Catalog, tables: Mapping[str, str]) -> None:
        self.flavour = flavour
        self.catalog = catalog
        self.tables = dict(tables)
        self.dialect = MariadbDialect(flavour, self.source)
        self._statements: WeakKeyDictionary[Collection, Statements] = WeakKeyDictionary()
        self._views: WeakKeyDictionary[Collection, str] = WeakKeyDictionary()
        self._shadow: Shadow | None = None

    @classmethod
    def of_text(cls, flavour: str, text: str, version: int) -> Self:
        """The catalog of a text that `catalog_text` gave."""
        stored = [(decode_stored(one), table) for one, table in _decode(text)]
        collections = tuple(collection for collection, _ in stored)
        tables = {collection.id: table for collection, table in stored if table}
        return cls(flavour, Catalog(collections, version), tables)

    def changed(self, catalog: Catalog, tables: Mapping[str, str]) -> MariadbCatalog:
        """Another catalog of the same database."""
        return MariadbCatalog(self.flavour, catalog, tables)

    def source(self, collection: Collection) -> str:
        """What holds a collection's records: a table's name, or a query in brackets.

        Raises: ViewRefused.
        """
        if collection.type == "view":
            found = self._views.get(collection)
            if found is None:
                found = self._views[collection] = self._view(collection)
            return found
        return quoted(self.tables.get(collection.id, collection.name))

    def statements(self, collection: Collection) -> Statements:
        """The single-record SQL of a collection."""
        found = self._statements.get(collection)
        if found is None:
            found = statements(collection, self.source(collection))
            if collection.type == "view":
                found = _of_view(found)
            self._statements[collection] = found
        return found

    @property
    def shadow(self) -> Shadow:
        """What SQLite would say of these collections."""
        if self._shadow is None:
            self._shadow = Shadow(self.catalog)
        return self._shadow

    def translated(self, query: str) -> str:
        """A view's query in MariaDB's words. Raises: ViewRefused."""
        _, settled = self.shadow.settle(query)
        try:
            return translate_query(settled, self._source_by_name)
        except Untranslatable as error:
            raise ViewRefused(f"SQL logic error: {error} (1)") from error

    def _view(self, view: Collection) -> str:
        query = self.translated(view.view_query)
        if _has_stored_ids(view.view_query) or not view.fields:
            return f"({query})"
        names = [quoted(field.name) for field in view.fields]
        shown = (f"CAST({name} AS CHAR) AS {name}" if name == '"id"' else name for name in names)
        return f"(SELECT {', '.join(shown)} FROM ({query}) AS v)"

    def _source_by_name(self, name: str) -> str | None:
        if name == _OPEN_TABLE:
            return _OPEN_COLUMNS
        found = self.catalog.by_name.get(name)
        return self.source(found) if found else None


async def catalog_text(connection: MariadbConnection) -> str:
    """All collections and their tables, as one text."""
    sql = "SELECT stored, table_name FROM _collections ORDER BY _row"
    return msgspec.json.encode(await connection.rows(sql, (), CATALOG_LIMIT_S)).decode()


async def save_catalog_rows(
    connection: MariadbConnection,
    saved: Iterable[Collection],
    removed: Iterable[Collection],
    tables: Mapping[str, str],
) -> None:
    """Store new descriptions and forget those of removed collections."""
    for collection in removed:
        await connection.rows("DELETE FROM _collections WHERE id = ?", (collection.id,))
    for c in saved:
        await connection.rows(
            "INSERT INTO _collections (id, name, type, stored, table_name) VALUES (?, ?, ?, ?, ?)"
            " ON DUPLICATE KEY UPDATE name = VALUES(name), type = VALUES(type),"
            " stored = VALUES(stored), table_name = VALUES(table_name)",
            (c.id, c.name, c.type, encode_stored(c), tables.get(c.id, "")),
        )


def _has_stored_ids(query: str) -> bool:
    try:
        return parse_view_query(query).has_stored_ids
    except ViewRefused:
        return False


def _of_view(found: Statements) -> Statements:
    """Statements whose decoders also take what only MariaDB computes."""
    return Statements(
        **{
            name: getattr(found, name)
            for name in Statements.__dataclass_fields__
            if name != "decoders"
        },
        decoders=tuple((name, _plainly(decode)) for name, decode in found.decoders),
    )


def _plainly(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            value = int(value) if value == value.to_integral_value() else float(value)
        elif isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
            value = int(value)
        elif isinstance(value, date):
            value = str(value)
        return decode(value)

    return plain
