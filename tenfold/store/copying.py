"""What a copy of a database asks of two stores: rows under their numbers, and nothing logged.

A row's number is its place in the order of insertion (SQLite's rowid, `_row` in MariaDB). A
copy keeps it, and the revision, so that both databases answer alike. What is written here
leaves no trace in the change log but what `follow` puts there, and nobody who remembers
records is told of it: these are for a database that does not serve yet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, cast

from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Storage
from tenfold.schema.record import Record
from tenfold.store.contract import Change, Store, Transaction
from tenfold.store.statements import NULL, Statements, quoted

T = TypeVar("T")

Row = tuple[int, Record]
"""A record under its number. Stored values that are null stay so from one store to another."""

BEFORE_ALL = -(2**63)
"""The number to ask `rows_after` with at first: the console can give numbers below 1."""

MOST_BYTES = 8 << 20
"""About how much `rows_after` reads at once, however large its rows are."""

FIRST_ROWS = 16
"""Looked at first, to learn how large rows are."""

JOB_COLUMNS = (
    "id",
    "name",
    "key",
    "payload",
    "state",
    "due_at",
    "attempt",
    "attempts",
    "claim",
    "error",
)
JOBS = ", ".join(map(quoted, JOB_COLUMNS))

IDS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class JobRows:
    """All background jobs (as JOB_COLUMNS, by id) and the minutes (cron id, minute) that ran."""

    jobs: list[tuple[Any, ...]]
    slots: list[tuple[Any, ...]]


class CopyTransaction(Transaction, Protocol):
    """A transaction that can also write what is not logged. What it refuses undoes all of it."""

    async def put_rows(self, collection: Collection, rows: Sequence[Row]) -> None:
        """Store records under their own numbers and revisions.

        Raises: NotUnique when a unique index refuses one, or its id or number is taken; the
        transaction must not be kept then.
        """
        ...

    async def drop_rows(self, collection: Collection, ids: Sequence[str]) -> None:
        """Remove those of the records that exist."""
        ...

    async def empty(self, collection: Collection) -> None:
        """Remove every record of a collection."""
        ...

    async def follow(self, changes: Sequence[Change]) -> None:
        """Append to the change log under the changes' own numbers, the last of which counts on.

        Raises: ValueError when they do not grow, or begin before the newest one.
        """
        ...

    async def adopt(self, saved: Iterable[Collection], removed: Iterable[Collection] = ()) -> None:
        """`save_collections` without a change.

        Other processes on SQLite learn of it at the next change of collections that is logged.
        Raises: SchemaRefused.
        """
        ...

    async def keep_param(self, key: str, value: str | None) -> None:
        """`set_param` without a change."""
        ...

    async def replace_jobs(self, rows: JobRows) -> None:
        """Put jobs and cron slots in the place of all that there are."""
        ...


class CopyStore(Store, Protocol):
    """A store whose every row can be read by its number. Views have none."""

    async def rows_after(self, collection: Collection, number: int, limit: int) -> list[Row]:
        """The next rows by number; fewer than `limit` where they are large, none at the end."""
        ...

    async def rows_between(self, collection: Collection, low: int, high: int) -> list[Row]:
        """The rows with low < number <= high, by number."""
        ...

    async def rows_of(self, collection: Collection, ids: Sequence[str]) -> list[Row]:
        """Those of the records that exist, by number."""
        ...

    async def count_rows(self, collection: Collection) -> int:
        """How many records a collection has."""
        ...

    async def params(self) -> dict[str, str]:
        """Every JSON text kept under a key."""
        ...

    async def jobs_rows(self) -> JobRows:
        """All background jobs and cron slots."""
        ...


async def write_copy(store: CopyStore, work: Callable[[CopyTransaction], Awaitable[T]]) -> T:
    """`store.write` for work that copies."""

    async def run(tx: Transaction) -> T:
        return await work(cast(CopyTransaction, tx))

    return await store.write(run)


@dataclass(frozen=True, slots=True)
class CopyStatements:
    """The SQL that reads and writes a collection's records with their numbers."""

    records: Statements
    table: str
    number: str
    names: str

    @classmethod
    def of(
        cls, records: Statements, table: str, number: str, quoted: Callable[[str], str]
    ) -> CopyStatements:
        """For the records in `table`, whose numbers are in the column `number`."""
        fields = records.collection.fields
        encoders = tuple(
            _nullable(encode) if encode and field.storage is Storage.JSON else encode
            for field, encode in zip(fields, records.encoders, strict=True)
        )
        names = ", ".join([*map(quoted, records.columns), "_rev", number])
        return cls(replace(records, encoders=encoders), table, number, names)

    @property
    def select(self) -> str:
        return f"SELECT {self.names} FROM {self.table}"

    @property
    def after(self) -> str:
        return f"{self.select} WHERE {self.number} > ? ORDER BY {self.number} LIMIT ?"

    @property
    def between(self) -> str:
        return (
            f"{self.select} WHERE {self.number} > ? AND {self.number} <= ? ORDER BY {self.number}"
        )

    @property
    def insert(self) -> str:
        """Up to the values."""
        return f"INSERT INTO {self.table} ({self.names}) VALUES"

    def bind(self, row: Row) -> tuple[Any, ...]:
        """The values of a row as `insert` names them."""
        number, record = row
        return (*self.records.bind(record.values, record.rev), number)

    def row(self, found: tuple[Any, ...]) -> Row:
        """The row of what `select` gave."""
        return found[-1], self.records.record(found[:-1])


class CopyReads(ABC):
    """The reads of `CopyStore` that all databases have in common, on top of two primitives."""

    @abstractmethod
    async def _rows(self, sql: str, params: tuple[Any, ...]) -> list[Any]: ...

    @abstractmethod
    def _copied(self, collection: Collection) -> CopyStatements:
        """The SQL for a collection that is no view."""
        ...

    async def rows_after(self, collection: Collection, number: int, limit: int) -> list[Row]:
        if collection.type == "view":
            return []
        copied = self._copied(collection)

        async def read(after: int, count: int) -> list[Any]:
            return await self._rows(copied.after, (after, count))

        return [copied.row(found) for found in await read_within(read, number, limit)]

    async def rows_between(self, collection: Collection, low: int, high: int) -> list[Row]:
        if collection.type == "view":
            return []
        copied = self._copied(collection)
        return [copied.row(found) for found in await self._rows(copied.between, (low, high))]

    async def rows_of(self, collection: Collection, ids: Sequence[str]) -> list[Row]:
        if collection.type == "view":
            return []
        copied = self._copied(collection)
        rows: list[Row] = []
        for marks, some in in_parts(ids):
            found = await self._rows(f"{copied.select} WHERE id IN ({marks})", some)
            rows += [copied.row(one) for one in found]
        return sorted(rows, key=lambda row: row[0])

    async def count_rows(self, collection: Collection) -> int:
        if collection.type == "view":
            return 0
        sql = f"SELECT COUNT(*) FROM {self._copied(collection).table}"
        return (await self._rows(sql, ()))[0][0]

    async def jobs_rows(self) -> JobRows:
        return JobRows(
            await self._rows(f"SELECT {JOBS} FROM _jobs ORDER BY id", ()),
            await self._rows("SELECT cron_id, minute FROM _cron_runs ORDER BY 1, 2", ()),
        )


def in_parts(ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The marks and the values for each IN, filled up to a power of two: few statements."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = tuple(ids[start : start + IDS_AT_ONCE])
        places = 1 << (len(some) - 1).bit_length()
        yield ", ".join("?" * places), (*some, *some[:1] * (places - len(some)))


async def read_within(
    read: Callable[[int, int], Awaitable[list[Any]]], number: int, limit: int
) -> list[tuple[Any, ...]]:
    """Rows after a number, about MOST_BYTES at most; `read` takes a number and a limit."""
    found: list[tuple[Any, ...]] = []
    size, wanted = 0, min(FIRST_ROWS, limit)
    while wanted > 0:
        some = await read(number, wanted)
        found += some
        size += sum(map(row_bytes, some))
        if len(some) < wanted:
            break
        number = some[-1][-1]
        fitting = (MOST_BYTES - size) * len(found) // max(size, 1)
        # Rows grow, too: not many more at once than have been looked at.
        wanted = min(limit - len(found), fitting, 64 * len(found))
    return found


def check_order(newest: int, changes: Iterable[Change]) -> None:
    """See that changes go on after the newest one. Raises: ValueError."""
    for change in changes:
        if change.seq <= newest:
            raise ValueError(f"the change {change.seq} comes after the change {newest}")
        newest = change.seq


def row_bytes(values: Iterable[Any]) -> int:
    """About how much memory values take; texts count."""
    return sum(len(value) for value in values if isinstance(value, str))


def _nullable(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is NULL else encode(value)
