"""What every database must do for Tenfold: read, write in transactions, tell of changes.

Values cross this line in the shapes of `Storage`; SQL never does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from tenfold.errors import TenfoldError, Unavailable
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import Step
from tenfold.schema.record import Record
from tenfold.store.select import Condition, Query

T = TypeVar("T")

Action = Literal["create", "update", "delete"]

COLLECTIONS = "_collections"
PARAMS = "_params"


class Change(msgspec.Struct, frozen=True):
    """One committed write, as the change log keeps it.

    `seq` grows in commit order. `collection_id` is a collection's id, or COLLECTIONS (then
    `record_id` is the id of the collection that changed) or PARAMS (then it is the key).
    `image` is the JSON object of all stored values, hidden ones too: after a create or
    update, before a delete; empty for COLLECTIONS, the text kept for PARAMS ("": removed).
    """

    seq: int
    collection_id: str
    record_id: str
    action: Action
    image: str = ""


class NotUnique(TenfoldError):
    """A unique index refused a write; `columns` are its columns."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__(f"not unique: {', '.join(columns)}")
        self.columns = columns


class SchemaRefused(TenfoldError):
    """The database can't take a collection's new description; `causes` say which steps failed.

    For index steps all failures are listed, for others the first.
    """

    def __init__(self, causes: tuple[tuple[Step, str], ...]) -> None:
        super().__init__("; ".join(message for _, message in causes))
        self.causes = causes


class Outdated(Unavailable):
    """A collection's table has changed since its description was looked at; ask again."""

    def __init__(self) -> None:
        super().__init__("The collections have just changed.")


class Conflict(TenfoldError):
    """The record changed (or went) since the revision that the writer had seen."""


class Reads(Protocol):
    """What a store and an open transaction can both answer.

    A transaction sees its own writes; a store sees every write acknowledged so far, by
    whichever process. Raises Unavailable when the database does not answer in time.
    """

    @property
    def catalog(self) -> Catalog:
        """The collections as of now."""
        ...

    async def find(self, collection: Collection, record_id: str) -> Record | None:
        """A record by id."""
        ...

    async def find_many(self, collection: Collection, ids: Sequence[str]) -> dict[str, Record]:
        """Those of the ids that exist, by id."""
        ...

    async def find_by(
        self, collection: Collection, equals: dict[str, Any], *, ignore_case: bool = False
    ) -> list[Record]:
        """All records whose columns equal the given values (for internal look-ups by index)."""
        ...

    async def select(self, query: Query) -> list[Record]:
        """The records a query picks, in its order."""
        ...

    async def count(self, query: Query) -> int:
        """How many records a query picks, its limit and offset left aside."""
        ...

    async def holds(self, condition: Condition, record: Record) -> bool:
        """Whether a rule holds for the record as given, stored or not."""
        ...

    async def param(self, key: str) -> str | None:
        """A JSON text kept under a key (the stored settings live so)."""
        ...


class Transaction(Reads, Protocol):
    """Writes that happen together or not at all. Every one appends its Change."""

    async def insert(self, record: Record) -> None:
        """Store a new record and set its `rev`. Raises: NotUnique."""
        ...

    async def update(self, record: Record) -> None:
        """Store all values of a record that `find` gave, and set its new `rev`.

        Raises: Conflict when `record.rev` is not the stored one, NotUnique.
        """
        ...

    async def delete(self, record: Record) -> None:
        """Remove a record. Raises: Conflict when it is gone already."""
        ...

    async def save_collections(
        self, saved: Iterable[Collection], removed: Iterable[Collection] = ()
    ) -> None:
        """Bring tables, indexes and views to the new descriptions; data moves along.

        Raises: SchemaRefused; nothing of the transaction may be kept then.
        """
        ...

    async def view_columns(self, query: str) -> tuple[str, ...]:
        """The names of the columns that a view with this query would have.

        Raises: ViewRefused.
        """
        ...

    async def check_view_ids(self, view: Collection) -> None:
        """Look for records of a saved view without an id or with another's.

        Raises: ViewRefused, also when that takes too long.
        """
        ...

    async def truncate(self, collection: Collection) -> None:
        """Remove every record of a collection, one Change each."""
        ...

    async def set_param(self, key: str, value: str | None) -> None:
        """Keep a JSON text under a key; None removes it."""
        ...

    def after_commit(self, action: Callable[[], Awaitable[None] | None]) -> None:
        """Run an action once the transaction is durable; it is dropped on a rollback."""
        ...

    def after_rollback(self, action: Callable[[], Awaitable[None]]) -> None:
        """Run an action when the transaction, or this part of it, is undone."""
        ...


class Store(Reads, Protocol):
    """A database with Tenfold's tables in it."""

    async def open(self) -> None:
        """Make or migrate the tables and start serving."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of every connection."""
        ...

    async def write(
        self, work: Callable[[Transaction], Awaitable[T]], *, is_single: bool = False
    ) -> T:
        """Run `work` in a transaction; return its result once that is durable (C1).

        Everything is undone when `work` raises. Called inside a `work` (by a hook, say), it
        joins the transaction under way as a nested one. `is_single` tells that `work` inserts or
        updates one record at most, as the last thing that can fail, which is cheaper: whatever
        fails has nothing to undo.
        """
        ...

    def current(self) -> Reads:
        """The transaction whose work this is called in, else the store itself."""
        ...

    def poll(self) -> None:
        """Learn of commits by other processes: listeners hear of them before this returns.

        Costs about a microsecond when there is nothing new; call it before a cached answer.
        """
        ...

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Tell `listener` of every change, in order, from now on, whoever commits it."""
        ...

    async def changes(self, after_seq: int, limit: int) -> list[Change]:
        """The change log after a position, oldest first."""
        ...

    async def last_seq(self) -> int:
        """The position of the newest change."""
        ...
