"""One write's view of the SQLite transaction it runs in."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import apsw
import msgspec

from tenfold.errors import Unavailable
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.diff import plan
from tenfold.schema.record import Record
from tenfold.store.catalog_rows import save_catalog_rows
from tenfold.store.contract import (
    COLLECTIONS,
    PARAMS,
    Action,
    Change,
    Conflict,
    Transaction,
)
from tenfold.store.copying import check_order
from tenfold.store.sqlite_connection import BUDGET_CHECK_STEPS, not_unique
from tenfold.store.sqlite_copying import SqliteCopyWrites
from tenfold.store.sqlite_reads import SqliteReads
from tenfold.store.sqlite_tables import apply_steps
from tenfold.store.sqlite_views import check_view_ids, probe_view
from tenfold.store.statements import Statements

if TYPE_CHECKING:
    from tenfold.store.sqlite import SqliteStore

T = TypeVar("T")

log = logging.getLogger("tenfold.store")

current: ContextVar[SqliteTransaction | None] = ContextVar("tenfold_transaction", default=None)
"""The transaction whose work is running, so that a write inside a write joins it."""

_encode = msgspec.json.Encoder().encode

READ_LIMIT_S = 5.0
"""How long one read inside a write may take."""

APPEND = (
    "INSERT INTO _changes (seq, collection_id, record_id, action, image) VALUES (?, ?, ?, ?, ?)"
)


class TransactionOver(Exception):
    """The transaction that work was to join has ended."""


@dataclass(slots=True)
class Numbering:
    """The position of the newest change, as the open group counts."""

    seq: int


class SqliteTransaction(SqliteCopyWrites, SqliteReads):
    """Writes inside the group's transaction, and the changes they make.

    Its savepoint is set by its first statement that writes. One that is single needs none: its
    only statement does nothing when it fails. The changes go to the log when the group ends.
    """

    def __init__(
        self,
        store: SqliteStore,
        connection: apsw.Connection,
        catalog: Catalog,
        numbering: Numbering,
        parent: SqliteTransaction | None = None,
        *,
        is_single: bool = False,
    ) -> None:
        super().__init__()
        self._numbering = numbering
        self._first_seq = numbering.seq
        self._parent = parent
        self._savepoint: str = f"{parent._savepoint}_in" if parent else "one_write"
        self._is_single = is_single
        self._has_savepoint = False
        self._has_changed = False
        self._store = store
        self._connection = connection
        self._catalog = catalog
        self._nesting = asyncio.Lock()
        self._after_commit: list[Callable[[], Awaitable[None] | None]] = []
        self._after_rollback: list[Callable[[], Awaitable[None]]] = []
        self.changes: list[Change] = []
        self.has_new_catalog = False
        self.is_open = True

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    async def _rows(self, sql: str, params: tuple[Any, ...]) -> list[Any]:
        # Whatever a rule or view reads must not keep other writes waiting for good.
        started_at = time.perf_counter()
        deadline = started_at + READ_LIMIT_S
        self._connection.set_progress_handler(
            lambda: time.perf_counter() > deadline, BUDGET_CHECK_STEPS
        )
        try:
            found = self._connection.execute(sql, params).fetchall()
        except apsw.InterruptError as error:
            raise Unavailable("The query took too long.") from error
        finally:
            self._connection.set_progress_handler(None)
        took_s = time.perf_counter() - started_at
        self._store.figures.digests.add(sql, len(params), len(found), took_s)
        return found

    async def insert(self, record: Record) -> None:
        statements = Statements.of(record.collection)
        rev = self._numbering.seq + 1
        try:
            self._change(statements.insert, statements.bind(record.values, rev))
        except apsw.ConstraintError as error:
            raise not_unique(error) from error
        self._stored(record, "create", statements)

    async def update(self, record: Record) -> None:
        statements = Statements.of(record.collection)
        rev = self._numbering.seq + 1
        bound = statements.bind(record.values, rev)
        try:
            self._change(statements.update, (*bound, record.id, record.rev))
        except apsw.ConstraintError as error:
            raise not_unique(error) from error
        if self._connection.changes() == 0:
            raise Conflict(f"{record.collection.name}/{record.id} changed meanwhile")
        self._stored(record, "update", statements)

    def _stored(self, record: Record, action: Action, statements: Statements) -> None:
        self._has_changed = True
        image = statements.image(record.values)
        record.rev = self.log(record.collection.id, record.id, action, image)

    async def delete(self, record: Record) -> None:
        statements = Statements.of(record.collection)
        self._change(statements.delete, (record.id,))
        if self._connection.changes() == 0:
            raise Conflict(f"{record.collection.name}/{record.id} is gone")
        self.log(record.collection.id, record.id, "delete", statements.image(record.values))

    async def save_collections(
        self, saved: Iterable[Collection], removed: Iterable[Collection] = ()
    ) -> None:
        saved, removed = tuple(saved), tuple(removed)
        await self.adopt(saved, removed)
        for collection in (*removed, *saved):
            self.log(COLLECTIONS, collection.id, "update", "")

    async def adopt(self, saved: Iterable[Collection], removed: Iterable[Collection] = ()) -> None:
        """See `CopyTransaction`."""
        saved, removed = tuple(saved), tuple(removed)
        self._mark()
        after = self._catalog.replace(saved).without(removed)
        apply_steps(self._connection, plan(self._catalog, saved, removed), after)
        save_catalog_rows(self._connection, saved, removed)
        self._catalog = after
        self.has_new_catalog = True

    async def view_columns(self, query: str) -> tuple[str, ...]:
        return probe_view(self._connection, query, self._catalog)

    async def check_view_ids(self, view: Collection) -> None:
        await asyncio.to_thread(check_view_ids, self._connection, view)

    async def truncate(self, collection: Collection) -> None:
        statements = Statements.of(collection)
        for row in self._connection.execute(statements.select).fetchall():
            record = statements.record(row)
            self.log(collection.id, record.id, "delete", statements.image(record.values))
        self._change(statements.truncate)

    async def set_param(self, key: str, value: str | None) -> None:
        await self.keep_param(key, value)
        self.log(PARAMS, key, "update", value or "")

    async def keep_param(self, key: str, value: str | None) -> None:
        """See `CopyTransaction`."""
        if value is None:
            self._change("DELETE FROM _params WHERE id = ?", (key,))
        else:
            self._change(
                "INSERT INTO _params (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE"
                " SET value = excluded.value",
                (key, value),
            )

    async def follow(self, changes: Sequence[Change]) -> None:
        """See `CopyTransaction`."""
        check_order(self._numbering.seq, changes)
        for change in changes:
            self.changes.append(change)
            self._numbering.seq = change.seq

    async def run(self, sql: str, params: tuple[Any, ...] = ()) -> list[Any]:
        """Run a statement of the store's own; for the files of this room only."""
        return self._change(sql, params).fetchall()

    def after_commit(self, action: Callable[[], Awaitable[None] | None]) -> None:
        self._after_commit.append(action)

    def after_rollback(self, action: Callable[[], Awaitable[None]]) -> None:
        self._after_rollback.append(action)

    async def run_after_commit(self) -> None:
        """Run every action; one that fails keeps none of the others from running."""
        for action in self._after_commit:
            try:
                outcome = action()
                if inspect.isawaitable(outcome):
                    await outcome
            except Exception:
                log.exception("an action after a commit failed")

    async def run_after_rollback(self) -> None:
        """Run every action; one that fails keeps none of the others from running."""
        for action in self._after_rollback:
            try:
                await action()
            except Exception:
                log.exception("an action after a rollback failed")

    @property
    def has_after_commit(self) -> bool:
        return bool(self._after_commit)

    async def nested(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run more work in this transaction; if it raises, only that work is undone.

        Raises: TransactionOver when the transaction ended before it was this work's turn.
        """
        async with self._nesting:
            if not self.is_open:
                raise TransactionOver
            child = self._child()
            token = current.set(child)
            try:
                result = await work(child)
                await child.end()
            except BaseException:
                await child.end()
                child.undo()
                await child.run_after_rollback()
                raise
            else:
                child.keep()
                self._take_over(child)
            finally:
                current.reset(token)
            return result

    async def end(self) -> None:
        """Let nothing join any more, and wait for what has joined (a hook's loose task, say)."""
        self.is_open = False
        if self._nesting.locked():
            async with self._nesting:
                pass

    def _child(self) -> SqliteTransaction:
        return SqliteTransaction(
            self._store, self._connection, self._catalog, self._numbering, self
        )

    @property
    def can_be_undone(self) -> bool:
        """Whether `undo` can do it without the rest of the group."""
        return not (self._is_single and self._has_changed)

    def undo(self) -> None:
        """Undo what was written; the numbers of its changes are given out again."""
        self._numbering.seq = self._first_seq
        self.changes.clear()
        if self._has_savepoint:
            self._connection.execute(f"ROLLBACK TO {self._savepoint}")
            self._connection.execute(f"RELEASE {self._savepoint}")

    def keep(self) -> None:
        """Make it a part of what surrounds it."""
        if self._has_savepoint:
            self._connection.execute(f"RELEASE {self._savepoint}")

    def _mark(self) -> None:
        if self._is_single or self._has_savepoint:
            return
        if self._parent is not None:
            self._parent._mark()
        self._connection.execute(f"SAVEPOINT {self._savepoint}")
        self._has_savepoint = True

    def _change(self, sql: str, params: tuple[Any, ...] = ()) -> apsw.Cursor:
        """Run a statement that writes."""
        self._mark()
        return self._connection.execute(sql, params)

    def _take_over(self, child: SqliteTransaction) -> None:
        self._catalog = child._catalog
        self.has_new_catalog |= child.has_new_catalog
        self._has_changed |= child._has_savepoint
        self.changes += child.changes
        self._after_commit += child._after_commit
        self._after_rollback += child._after_rollback

    @property
    def connection(self) -> apsw.Connection:
        """The connection that writes; for the files of this room only."""
        self._mark()
        return self._connection

    def log(self, collection_id: str, record_id: str, action: Action, image: str) -> int:
        """Add to the change log; the change's position. For the files of this room only."""
        self._numbering.seq += 1
        seq = self._numbering.seq
        self.changes.append(Change(seq, collection_id, record_id, action, image))
        return seq


def append_changes(connection: apsw.Connection, transactions: Iterable[SqliteTransaction]) -> None:
    """Write the changes of a group to the log."""
    connection.executemany(
        APPEND,
        [
            (c.seq, c.collection_id, c.record_id, c.action, c.image)
            for transaction in transactions
            for c in transaction.changes
        ],
    )
