"""Collections as rows of `_collections`."""

from __future__ import annotations

import apsw

from tenfold.schema.collection import Catalog
from tenfold.schema.wire import decode_stored


def load_catalog(connection: apsw.Connection, version: int) -> Catalog:
    """Read every collection; `version` becomes the catalog's."""
    rows = connection.execute("SELECT stored FROM _collections ORDER BY rowid").fetchall()
    return Catalog(tuple(decode_stored(text) for (text,) in rows), version)
