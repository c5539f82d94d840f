"""A database with the odd records of `tests.wild`, and what back ends say about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from tenfold.filters import Checked
from tenfold.records import body
from tenfold.schema.actor import Actor, RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.parse import parse_collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads, Transaction
from tenfold.store.select import Query, Statement, compile_exists, compile_image, compile_select
from tenfold.store.sqlite import SqliteStore
from tests import wild

T = TypeVar("T")

PEOPLE: wild.Row = {
    "id": "people000000000",
    "name": "people",
    "type": "auth",
    "fields": [
        {"id": "textname", "name": "name", "type": "text"},
        {"id": "selectrole", "name": "role", "type": "select", "values": ["admin", "reader"]},
        {"id": "numberage", "name": "age", "type": "number"},
        {
            "id": "relationboss",
            "name": "boss",
            "type": "relation",
            "collectionId": "people000000000",
        },
        {
            "id": "relationfriends",
            "name": "friends",
            "type": "relation",
            "collectionId": "people000000000",
            "maxSelect": 3,
        },
    ],
}
ACCOUNTS: list[wild.Row] = [
    {"id": "ann000000000000", "name": "Ann", "role": "admin", "age": 40, "email": "ann@a.com"},
    {
        "id": "bob000000000000",
        "name": "Bob",
        "age": 31.5,
        "boss": "ann000000000000",
        "friends": ["ann000000000000"],
        "email": "bob@a.com",
        "verified": True,
    },
]


@dataclass(repr=False)
class Odd:
    """The database file, its catalog, the records of `wild` and the callers."""

    path: Path
    catalog: Catalog
    records: list[Record]
    callers: list[Record | None]

    def __post_init__(self) -> None:
        self._connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)

    def close(self) -> None:
        self._connection.close()

    @property
    def wild(self) -> Collection:
        return self.catalog.by_id[wild.WILD]

    def facts(self, caller: Record | None, **more: Any) -> RequestFacts:
        return RequestFacts(
            actor=Actor(caller, is_superuser=False) if caller else None, query={"q": "a"}, **more
        )

    def selected(self, checked: Checked, facts: RequestFacts) -> set[str]:
        """The ids that a SELECT with the condition gives."""
        query = Query(self.wild, ((checked, facts),))
        index = [f.name for f in self.wild.fields].index("id")
        return {row[index] for row in self.rows(compile_select(query, self.catalog))}

    def is_there(self, checked: Checked, facts: RequestFacts, record_id: str) -> bool:
        query = Query(self.wild, ((checked, facts),))
        statement = compile_exists(query, self.catalog, record_id=record_id)
        return bool(self.rows(statement)[0][0])

    def holds(self, checked: Checked, facts: RequestFacts, values: Mapping[str, Any]) -> bool:
        """Whether the database finds the condition true of values that it does not hold."""
        statement = compile_image((checked, facts), values, self.catalog)
        return bool(self.rows(statement)[0][0])

    def rows(self, statement: Statement) -> list[Any]:
        return self._connection.execute(statement.sql, statement.params).fetchall()


def plant(folder: Path) -> Odd:
    """Make the database."""
    return asyncio.run(_plant(folder))


async def _plant(folder: Path) -> Odd:
    store = SqliteStore(folder)
    await store.open()
    try:
        made = [parse_collection(c) for c in (PEOPLE, *wild.COLLECTIONS)]
        await store.write(lambda tx: tx.save_collections(made))
        catalog = store.catalog
        rows = {"people": ACCOUNTS, **wild.rows()}
        people = await store.write(inserting(catalog.by_name["people"], rows["people"]))
        await store.write(inserting(catalog.by_name["wilder"], rows["wilder"]))
        records = await store.write(inserting(catalog.by_name["wild"], rows["wild"]))
        stored = await _all(store, records)
        return Odd(folder / "data.db", catalog, stored, [None, *await _all(store, people)])
    finally:
        await store.close()


def inserting(collection: Collection, rows: list[wild.Row]) -> Callable[[Transaction], Any]:
    """Work that stores rows as records."""

    async def work(tx: Transaction) -> list[Record]:
        records: list[Record] = []
        for row in rows:
            record = body.blank(collection)
            body.apply(record, row)
            if collection.type == "auth":
                record.values["tokenKey"] = f"key of {record.id}".ljust(30, "x")
            await tx.insert(record)
            records.append(record)
        return records

    return work


async def _all(reads: Reads, records: list[Record]) -> list[Record]:
    found = await reads.find_many(records[0].collection, [r.id for r in records])
    return list(found.values())
