"""The tables that hold records: every change of a collection's columns or indexes makes a new one.

MariaDB ends a transaction at each CREATE, ALTER or DROP, so that a change made of them can
stop half way. Here none is part of it: the new table is created beside the old one (on a
connection of its own), the transaction copies the records into it and, in its row of
`_collections`, names it instead of the old one. COMMIT is the switch, for every reader at
once; undone or killed, all that is left is a table that nobody names, swept up later.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenfold.schema.collection import Collection
from tenfold.schema.diff import needs_conversion
from tenfold.schema.fields import Field
from tenfold.store.mariadb_connection import MariadbConnection
from tenfold.store.mariadb_dialect import MariadbDialect, quoted
from tenfold.store.mariadb_indexes import column_type, keys, uniques
from tenfold.store.mariadb_sides import sqlite
from tenfold.store.mariadb_statements import EMPTY
from tenfold.store.tables import COLUMN_TYPES, conversion

COMMENT = "tenfold records"
COPY_LIMIT_S = 3600.0
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Columns:
    """The new columns of a table, each with the old one whose values it goes on with."""

    pairs: tuple[tuple[Field, Field | None], ...]

    @classmethod
    def between(cls, before: Collection, after: Collection) -> Columns:
        """A field is known by its id; one that takes a gone field's name takes its values."""
        by_id = {field.id: field for field in before.fields}
        found = {f.name: by_id.pop(f.id) for f in after.fields if f.id in by_id}
        by_name = {field.name.lower(): field for field in by_id.values()}
        for field in after.fields:
            if field.name not in found and field.name.lower() in by_name:
                found[field.name] = by_name.pop(field.name.lower())
        return cls(tuple((field, found.get(field.name)) for field in after.fields))

    @property
    def need_conversion(self) -> bool:
        return any(old is not None and needs_conversion(old, new) for new, old in self.pairs)


def new_name(collection: Collection) -> str:
    """A name for a table, like its collection's and like no other's."""
    return f"{re.sub(r'[^a-z0-9]+', '_', collection.name.lower())[:40]}_{secrets.token_hex(4)}"


def is_same_table(before: Collection, after: Collection) -> bool:
    """Whether a changed description needs no other table."""
    shapes = [[(f.id, f.name, f.type, column_type(f)) for f in c.fields] for c in (before, after)]
    return shapes[0] == shapes[1] and before.indexes == after.indexes


def create_table(name: str, collection: Collection, dialect: MariadbDialect) -> str:
    """The CREATE TABLE for a collection. Raises: IndexRefused."""
    columns = [f"{quoted(f.name)} {column_type(f)}" for f in collection.fields]
    parts = [
        "_row BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
        *columns,
        "_rev BIGINT NOT NULL",
        "UNIQUE KEY id (id)",
        *keys(collection, dialect),
    ]
    return (
        f"CREATE TABLE {quoted(name)} ({', '.join(parts)}) ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
        f" CHARACTER SET utf8mb4 COLLATE {dialect.collation} COMMENT='{COMMENT}'"
    )


async def copy_records(
    connection: MariadbConnection, old: str, new: str, before: Collection, after: Collection
) -> None:
    """Copy every record, its revision and its place in the order of insertion.

    Raises: ServerError for what the new table refuses.
    """
    columns = Columns.between(before, after)
    if columns.need_conversion:
        await _convert(connection, old, new, columns)
        return
    names = [quoted(field.name) for field, _ in columns.pairs]
    values = [quoted(kept.name) if kept else "?" for _, kept in columns.pairs]
    params = [EMPTY[field.storage] for field, kept in columns.pairs if kept is None]
    sql = (
        f"INSERT INTO {new} ({', '.join([*names, '_rev', '_row'])})"
        f" SELECT {', '.join([*values, '_rev', '_row'])} FROM {old}"
    )
    await connection.rows(sql, params, COPY_LIMIT_S)


async def _convert(connection: MariadbConnection, old: str, new: str, columns: Columns) -> None:
    """Copy in small parts, SQLite itself bringing the values to their new form."""
    kept = [(field, was) for field, was in columns.pairs if was is not None]
    added = [field for field, was in columns.pairs if was is None]
    names = [quoted(f.name) for f in (*(field for field, _ in kept), *added)]
    read = f"SELECT _row, _rev, {', '.join(quoted(was.name) for _, was in kept)} FROM {old}"
    marks = ", ".join("?" * (len(names) + 2))
    insert = f"INSERT INTO {new} (_row, _rev, {', '.join(names)}) VALUES ({marks})"
    blanks = [EMPTY[field.storage] for field in added]
    last = 0
    while True:
        found = await connection.rows(
            f"{read} WHERE _row > ? ORDER BY _row LIMIT {ROWS_AT_ONCE}", (last,)
        )
        if not found:
            return
        last = found[-1][0]
        for (row, rev), values in zip(
            (r[:2] for r in found), _converted(kept, [r[2:] for r in found]), strict=True
        ):
            await connection.rows(insert, (row, rev, *values, *blanks))


def _converted(
    pairs: Sequence[tuple[Field, Field]], rows: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    columns = ", ".join(
        f'"c{at}" {COLUMN_TYPES[was.storage].replace(" NOT NULL", "")}'
        for at, (_, was) in enumerate(pairs)
    )
    sqlite.execute(f"CREATE TEMP TABLE converting ({columns})")
    try:
        marks = ", ".join("?" * len(pairs))
        sqlite.executemany(f"INSERT INTO converting VALUES ({marks})", rows)
        values = ", ".join(_conversion(at, was, field) for at, (field, was) in enumerate(pairs))
        return sqlite.execute(f"SELECT {values} FROM converting ORDER BY rowid").fetchall()
    finally:
        sqlite.execute("DROP TABLE converting")


def _conversion(at: int, was: Field, field: Field) -> str:
    name = f'"c{at}"'
    return conversion(was, field, name) if needs_conversion(was, field) else name


async def offending_indexes(
    connection: MariadbConnection,
    old: str,
    before: Collection,
    after: Collection,
    dialect: MariadbDialect,
) -> list[tuple[str, str]]:
    """The unique indexes that the records of the old table can't be under, and why."""
    found: list[tuple[str, str]] = []
    for text in after.indexes:
        alone = replace(after, indexes=(text,))
        if await _offends(connection, old, before, alone, dialect):
            columns = uniques(alone, dialect)[0].columns
            named = ", ".join(f"{after.name}.{name}" for name in columns)
            found.append((text, f"constraint failed: UNIQUE constraint failed: {named} (2067)"))
    return found


async def _offends(
    connection: MariadbConnection,
    old: str,
    before: Collection,
    after: Collection,
    dialect: MariadbDialect,
) -> bool:
    """Whether records of the old table can't be under a unique index of the new one."""
    found = uniques(after, dialect)
    columns = Columns.between(before, after)
    if not found or columns.need_conversion:
        return False
    values = [
        f"{quoted(kept.name) if kept else _blank(field)} AS {quoted(field.name)}"
        for field, kept in columns.pairs
    ]
    inner = f"SELECT {', '.join(values)} FROM {old}"
    sql = (
        f"SELECT 1 FROM (SELECT {found[0].sql} AS hash FROM ({inner}) AS records) AS hashes"
        " WHERE hash IS NOT NULL GROUP BY hash HAVING COUNT(*) > 1 LIMIT 1"
    )
    return bool(await connection.rows(sql, (), COPY_LIMIT_S))


def _blank(field: Field) -> str:
    value = EMPTY[field.storage]
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else "0"
