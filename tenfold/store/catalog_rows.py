"""Collections as rows of `_collections`."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.wire import decode_stored, encode_stored
from tenfold.store.sqlite_connection import rows


def load_catalog(connection: apsw.Connection, version: int) -> Catalog:
    """Read every collection; `version` becomes the catalog's."""
    texts = rows(connection, "SELECT stored FROM _collections ORDER BY rowid")
    return Catalog(tuple(decode_stored(text) for (text,) in texts), version)


def save_catalog_rows(
    connection: apsw.Connection, saved: Iterable[Collection], removed: Iterable[Collection]
) -> None:
    """Store new descriptions and forget those of removed collections."""
    connection.executemany("DELETE FROM _collections WHERE id = ?", [(c.id,) for c in removed])
    connection.executemany(
        "INSERT INTO _collections (id, name, type, stored) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
        " DO UPDATE SET name = excluded.name, type = excluded.type, stored = excluded.stored",
        [(c.id, c.name, c.type, encode_stored(c)) for c in saved],
    )
