"""One write's view of the MariaDB transaction it runs in."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from tenfold.errors import Unavailable
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import (
    COLLECTIONS,
    PARAMS,
    Action,
    Change,
    Conflict,
    NotUnique,
    Transaction,
)
from tenfold.store.copying import check_order
from tenfold.store.mariadb_catalog import MariadbCatalog
from tenfold.store.mariadb_connection import NOT_UNIQUE, MariadbConnection, ServerError
from tenfold.store.mariadb_copying import MariadbCopyWrites
from tenfold.store.mariadb_reads import MariadbReads
from tenfold.store.mariadb_schema import SchemaChange
from tenfold.store.mariadb_views import check_view_ids

T = TypeVar("T")

log = logging.getLogger("tenfold.store")

current: ContextVar[MariadbTransaction | None] = ContextVar("tenfold_mariadb", default=None)
"""The transaction whose work is running, so that a write inside a write joins it."""

READ_LIMIT_S = 5.0
"""How long one statement inside a write may take."""

_KEY = re.compile(r"for key '(?:.*\.)?(\w+)'$")


class TransactionOver(Exception):
    """The transaction that work was to join has ended."""


class Group(Protocol):
    """The group of writes that a transaction belongs to."""

    seq: int
    """The last number given to a change."""

    is_over: bool
    """Whether its transaction has ended, so that nothing more may join it."""

    connection: MariadbConnection
    schema: Callable[[], Awaitable[MariadbConnection]]
    """A connection for statements that end a transaction."""


class MariadbTransaction(MariadbCopyWrites, MariadbReads):
    """Writes inside the group's transaction, and the changes they make.

    Its savepoint is set by its first statement that writes. The first of a group needs none:
    nothing else would be lost with the whole transaction. One that is single needs none either:
    its only statement does nothing when it fails.
    """

    def __init__(
        self,
        group: Group,
        described: MariadbCatalog,
        parent: MariadbTransaction | None = None,
        *,
        is_first: bool = False,
        is_single: bool = False,
    ) -> None:
        super().__init__()
        self._is_first = is_first
        self._is_single = is_single
        self._has_changed = False
        self._group = group
        self._described = described
        self._parent = parent
        self._depth: int = parent._depth + 1 if parent else 0
        self._first_seq = group.seq
        self._skipped = 0
        self._is_marked = False
        self._nesting = asyncio.Lock()
        self._after_commit: list[Callable[[], Awaitable[None] | None]] = []
        self._after_rollback: list[Callable[[], Awaitable[None]]] = []
        self.changes: list[Change] = []
        self.dropped: list[str] = []
        """Tables that nobody names once this is committed."""
        self.has_new_catalog = False
        self.is_open = True

    @property
    def described(self) -> MariadbCatalog:
        return self._described

    async def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        return await self._group.connection.rows(sql, params, READ_LIMIT_S)

    async def read(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """Run a SELECT of the store's own; for the files of this room only."""
        return await self._rows(sql, params)

    async def run(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """Run a statement that writes; for the files of this room only."""
        await self._mark()
        return await self._rows(sql, params)

    async def affected(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement that writes; how many rows it found."""
        await self.run(sql, params)
        return self._group.connection.affected

    # --- records ---

    async def insert(self, record: Record) -> None:
        statements = self._described.statements(record.collection)
        rev = self._log(record.collection.id, record.id, "create", statements.image(record.values))
        await self._store(record, statements.insert, statements.bind(record.values, rev))
        record.rev = rev

    async def update(self, record: Record) -> None:
        statements = self._described.statements(record.collection)
        rev = self._log(record.collection.id, record.id, "update", statements.image(record.values))
        bound = (*statements.bind(record.values, rev), record.id, record.rev)
        if await self._store(record, statements.update, bound) == 0:
            raise Conflict(f"{record.collection.name}/{record.id} changed meanwhile")
        record.rev = rev

    async def delete(self, record: Record) -> None:
        statements = self._described.statements(record.collection)
        if await self.affected(statements.delete, (record.id,)) == 0:
            raise Conflict(f"{record.collection.name}/{record.id} is gone")
        self._log(record.collection.id, record.id, "delete", statements.image(record.values))

    async def truncate(self, collection: Collection) -> None:
        statements = self._described.statements(collection)
        for row in await self._rows(statements.select, ()):
            record = statements.record(row)
            self._log(collection.id, record.id, "delete", statements.image(record.values))
        await self.run(statements.truncate)

    async def set_param(self, key: str, value: str | None) -> None:
        await self.keep_param(key, value)
        self._log(PARAMS, key, "update", value or "")

    async def keep_param(self, key: str, value: str | None) -> None:
        """See `CopyTransaction`."""
        if value is None:
            await self.run("DELETE FROM _params WHERE id = ?", (key,))
        else:
            await self.run(
                "INSERT INTO _params (id, value) VALUES (?, ?)"
                " ON DUPLICATE KEY UPDATE value = VALUES(value)",
                (key, value),
            )

    async def empty(self, collection: Collection) -> None:
        """See `CopyTransaction`: a new table takes the old one's place, however many there are."""
        await self._mark()
        change = SchemaChange(self._described, (self._described.catalog.by_id[collection.id],), ())
        self._changed(change, await change.empty(self._group.connection, self._group.schema))

    async def follow(self, changes: Sequence[Change]) -> None:
        """See `CopyTransaction`."""
        check_order(self._group.seq, changes)
        await self._mark()
        for change in changes:
            self._skipped += change.seq - self._group.seq - 1
            self._group.seq = change.seq
            self.changes.append(change)

    async def _store(self, record: Record, sql: str, bound: Sequence[Any]) -> int:
        try:
            found = await self.affected(sql, bound)
            self._has_changed |= found > 0
            return found
        except ServerError as error:
            if error.code != NOT_UNIQUE:
                raise
            raise NotUnique(self.unique_columns(record.collection, error.message)) from error

    def unique_columns(self, collection: Collection, message: str) -> tuple[str, ...]:
        """The columns of the unique key that an error names; for the files of this room only."""
        found = _KEY.search(message)
        name = found[1] if found else ""
        return SchemaChange.unique_columns(collection, name, self._described.dialect) or ("id",)

    # --- collections ---

    async def save_collections(
        self, saved: Iterable[Collection], removed: Iterable[Collection] = ()
    ) -> None:
        saved, removed = tuple(saved), tuple(removed)
        await self.adopt(saved, removed)
        for collection in (*removed, *saved):
            self._log(COLLECTIONS, collection.id, "update", "")

    async def adopt(self, saved: Iterable[Collection], removed: Iterable[Collection] = ()) -> None:
        """See `CopyTransaction`."""
        await self._mark()
        change = SchemaChange(self._described, tuple(saved), tuple(removed))
        self._changed(change, await change.apply(self._group.connection, self._group.schema))

    def _changed(self, change: SchemaChange, described: MariadbCatalog) -> None:
        self._described = described
        self.dropped += change.dropped
        self.has_new_catalog = True

    async def stray_tables(self, comment: str, age_s: int) -> list[str]:
        """Tables with a comment, older than `age_s`, that no collection names."""
        sql = (
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            " AND table_comment = ? AND create_time < NOW() - INTERVAL ? SECOND"
        )
        named = set(self._described.tables.values())
        return [name for (name,) in await self._rows(sql, (comment, age_s)) if name not in named]

    async def view_columns(self, query: str) -> tuple[str, ...]:
        return self._described.shadow.settle(query)[0]

    async def check_view_ids(self, view: Collection) -> None:
        await check_view_ids(self._group.connection, view, self._described)

    # --- what follows ---

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
    def has_written(self) -> bool:
        """Whether any statement of it may have changed something."""
        return self._is_marked

    @property
    def has_after_commit(self) -> bool:
        return bool(self._after_commit)

    # --- its extent ---

    async def nested(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run more work in this transaction; if it raises, only that work is undone.

        Raises: TransactionOver when the transaction ended before it was this work's turn.
        """
        async with self._nesting:
            if not self.is_open:
                raise TransactionOver
            child = MariadbTransaction(self._group, self._described, self)
            token = current.set(child)
            try:
                result = await work(child)
                await child.end()
            except BaseException:
                await child.end()
                await child.undo()
                await child.run_after_rollback()
                raise
            else:
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

    async def undo(self) -> None:
        """Undo what was written; the numbers of its changes are given out again.

        Raises: Unavailable when the whole group is lost.
        """
        if self._group.seq == self._first_seq + len(self.changes) + self._skipped:
            self._group.seq = self._first_seq
        self.changes.clear()
        if self._is_single and not self._is_first:
            if self._has_changed:
                raise Unavailable("A write failed too late to be undone alone.")
        elif self._is_marked:
            if self._group.connection.is_lost:
                raise Unavailable("The database went away; nothing was written.")
            if self._is_first:
                self._group.is_over = True
                await self._rows("ROLLBACK", ())
            else:
                await self._rows(f"ROLLBACK TO {self._savepoint}", ())

    @property
    def _savepoint(self) -> str:
        return f"depth_{self._depth}"

    async def _mark(self) -> None:
        if not self._is_marked:
            if self._parent is not None:
                await self._parent._mark()
            self._is_marked = True
            if not self._is_first and not self._is_single:
                await self._rows(f"SAVEPOINT {self._savepoint}", ())

    def _take_over(self, child: MariadbTransaction) -> None:
        self._described = child._described
        self._skipped += child._skipped
        self.has_new_catalog |= child.has_new_catalog
        self._has_changed |= child._is_marked
        self.changes += child.changes
        self.dropped += child.dropped
        self._after_commit += child._after_commit
        self._after_rollback += child._after_rollback

    def _log(self, collection_id: str, record_id: str, action: Action, image: str) -> int:
        """Add to the change log; the change's position."""
        self._group.seq += 1
        change = Change(self._group.seq, collection_id, record_id, action, image)
        self.changes.append(change)
        return change.seq
