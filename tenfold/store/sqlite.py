"""The SQLite store: one file, many worker processes, every acknowledged write on disk.

Reads run on the event loop while they are short (microseconds to a few milliseconds) and move
to a thread when they are not; writes go through GroupCommit. What other processes commit is
noticed in SQLite's shared memory and learned from the change log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import Any, TypeVar

import apsw

from tenfold.errors import Unavailable
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.defaults import default_collections
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text
from tenfold.store import sqlite_connection
from tenfold.store.catalog_rows import load_catalog
from tenfold.store.contract import COLLECTIONS, Change, Outdated, Transaction
from tenfold.store.figures import StoreFigures
from tenfold.store.sqlite_connection import Budget, is_outdated, rows
from tenfold.store.sqlite_copying import SqliteCopyReads
from tenfold.store.sqlite_migrations import migrate
from tenfold.store.sqlite_reads import SqliteReads
from tenfold.store.sqlite_transaction import SqliteTransaction, current
from tenfold.store.sqlite_wal_index import CommitMark
from tenfold.store.sqlite_writer import GroupCommit
from tenfold.store.statements import Statements

T = TypeVar("T")

INLINE_BUDGET_S = 0.003
"""How long one read may hold the event loop."""

READ_LIMIT_S = 30.0
"""How long a read may take at all."""

READ_THREADS = 3
KEPT_CHANGES = 20_000
"""Changes that stay in the log; a process that falls further behind is told of a GAP."""

PRUNE_EVERY = 200
MAX_PRUNED = 400
"""Few at a time, so that nobody waits for it; more than PRUNE_EVERY, so that it catches up."""

CHANGE_COLUMNS = "seq, collection_id, record_id, action, image"

GAP = Change(0, "*", "", "update")
"""Told to listeners when changes were missed: all they remember may be out of date."""


class SqliteStore(SqliteCopyReads):
    """Tenfold's data in `data.db` of a folder."""

    def __init__(self, folder: Path, read_limit_s: float = READ_LIMIT_S) -> None:
        self._read_limit_s = read_limit_s
        self.figures = StoreFigures()
        self._path = folder / "data.db"
        self._folder = folder
        self._catalog = Catalog()
        self._listeners: list[Callable[[Change], None]] = []
        self._last_seq = 0
        self._prune_at = 0
        self._threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="read")
        self._idle_readers: SimpleQueue[tuple[apsw.Connection, Budget]] = SimpleQueue()

    @property
    def catalog(self) -> Catalog:
        self.poll()
        return self._catalog

    @property
    def known_catalog(self) -> Catalog:
        """The collections as of the last poll."""
        return self._catalog

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[Any]:
        """Run a SELECT of the store's own; for the files of this room only."""
        return await self._rows(sql, params)

    async def open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with sqlite_connection.opening(self._path):
            self._writer = sqlite_connection.open_writer(self._path)
            migrate(self._writer, self._folder)
            self._reader = sqlite_connection.open_reader(self._path)
            self._reader_beside = sqlite_connection.open_reader(self._path)
        self._budget = Budget(self._reader)
        self._commit_mark = CommitMark(self._path)
        for _ in range(READ_THREADS):
            reader = sqlite_connection.open_reader(self._path)
            self._idle_readers.put((reader, Budget(reader)))
        self._last_seq = self._newest_seq()
        self._prune_at = self._last_seq + PRUNE_EVERY
        self._catalog = load_catalog(self._reader, 1)
        self._commits = GroupCommit(
            self._writer,
            self._folder,
            new_transaction=lambda numbering, catalog, is_single: SqliteTransaction(
                self, self._writer, catalog or self.catalog, numbering, is_single=is_single
            ),
            begun=self._begun,
            committed=self._deliver_own,
            figures=self.figures.writer,
        )
        self._commits.start()
        if not self._catalog.collections:
            await self.write(_add_default_collections)

    async def close(self) -> None:
        await self._commits.stop()
        self._threads.shutdown()
        while not self._idle_readers.empty():
            self._idle_readers.get()[0].close()
        self._reader_beside.close()
        self._reader.close()
        self._writer.close()

    # --- reads --------------------------------------------------------------------------

    def find_now(self, collection: Collection, record_id: str) -> Record | None:
        self._budget.stop()
        return _find(self._reader, collection, record_id)

    def find_beside(self, collection: Collection, record_id: str) -> Record | None:
        return _find(self._reader_beside, collection, record_id)

    async def _rows(self, sql: str, params: tuple[Any, ...]) -> list[Any]:
        self._budget.start(INLINE_BUDGET_S)
        started_at = perf_counter()
        try:
            found = self._reader.execute(sql, params).fetchall()
            took_s = perf_counter() - started_at
            self.figures.digests.add(sql, len(params), len(found), took_s)
            return found
        except apsw.SQLError as error:
            raise self._explained(error) from error
        except apsw.InterruptError:
            self.figures.given_up.add(perf_counter() - started_at)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._slow_rows, sql, params)

    def _slow_rows(self, sql: str, params: tuple[Any, ...]) -> list[Any]:
        reader, budget = self._idle_readers.get()
        started_at = perf_counter()
        try:
            budget.start(self._read_limit_s)
            found = reader.execute(sql, params).fetchall()
            took_s = perf_counter() - started_at
            self.figures.digests.add(sql, len(params), len(found), took_s)
            self.figures.slow_reads.add(took_s)
            return found
        except apsw.SQLError as error:
            raise self._explained(error) from error
        except apsw.InterruptError as error:
            raise Unavailable("The query took too long.") from error
        finally:
            self._idle_readers.put((reader, budget))

    def _explained(self, error: apsw.SQLError) -> Exception:
        return Outdated() if is_outdated(error) else error

    def explain(self, sql: str, params: int) -> list[str]:
        """How SQLite would run a statement of the store's own; empty when it can't be said."""
        self._budget.start(INLINE_BUDGET_S)
        try:
            found = self._reader.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * params)
            return [str(row[3]) for row in found]
        except apsw.Error:
            return []

    @property
    def waiting_writes(self) -> int:
        """Writes that wait for their group."""
        return self._commits.waiting_count

    # --- writes -------------------------------------------------------------------------

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        is_single: bool = False,
        is_alone: bool = False,
    ) -> T:
        """`is_alone` keeps other writes out of the transaction: for work that may lose it."""
        return await self._commits.write(work, is_single=is_single, is_alone=is_alone)

    def current(self) -> SqliteReads:
        transaction = current.get()
        return transaction if transaction and transaction.is_open else self

    async def optimize(self) -> None:
        """Refresh what the query planner knows of the data; takes milliseconds."""

        async def work(tx: Transaction) -> None:
            self._writer.execute("PRAGMA optimize")

        await self.write(work)

    async def prune(self, kept: int = KEPT_CHANGES) -> None:
        """Forget changes but the newest `kept`, at most MAX_PRUNED at a time."""

        async def work(tx: Transaction) -> None:
            oldest = self._writer.execute("SELECT min(seq) FROM _changes").get
            if isinstance(oldest, int):
                last = min(self._last_seq - kept, oldest + MAX_PRUNED - 1)
                self._writer.execute("DELETE FROM _changes WHERE seq <= ?", (last,))

        await self.write(work)

    def _begun(self) -> int:
        self.poll()
        return self._last_seq

    def _prune_when_due(self) -> None:
        if self._last_seq >= self._prune_at:
            self._prune_at = self._last_seq + PRUNE_EVERY
            self._commits.beside(self.prune())

    def _deliver_own(self, transactions: list[SqliteTransaction]) -> None:
        """Tell of the group just committed; nobody else can have committed meanwhile."""
        header = self._commit_mark.look()
        known = self._catalog
        self._deliver([change for t in transactions for change in t.changes])
        if self._catalog is known and any(t.has_new_catalog for t in transactions):
            self._reload_catalog()
        self._commit_mark.deal_with(header)
        self._prune_when_due()

    # --- the change log -----------------------------------------------------------------

    def listen(self, listener: Callable[[Change], None]) -> None:
        self._listeners.append(listener)

    def poll(self) -> None:
        if not self._commit_mark.is_current():
            header = self._commit_mark.look()
            own = [change for t in self._commits.committing for change in t.changes]
            self._deliver(own or self._changes(self._last_seq, -1))
            self._commit_mark.deal_with(header)

    def is_current(self) -> bool:
        """Whether every commit so far has been told of; may be asked from any thread."""
        return self._commit_mark.is_current()

    async def changes(self, after_seq: int, limit: int) -> list[Change]:
        return self._changes(after_seq, limit)

    async def last_seq(self) -> int:
        self.poll()
        return self._last_seq

    def _newest_seq(self) -> int:
        return rows(self._reader, "SELECT coalesce(max(seq), 0) FROM _changes")[0][0]

    def _changes(self, after_seq: int, limit: int) -> list[Change]:
        sql = f"SELECT {CHANGE_COLUMNS} FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?"
        self._budget.stop()
        return [Change(*row) for row in self._reader.execute(sql, (after_seq, limit))]

    def _deliver(self, changes: list[Change]) -> None:
        new = [change for change in changes if change.seq > self._last_seq]
        if not new:
            return
        if new[0].seq > self._last_seq + 1:
            self._reload_catalog()
            self._tell(GAP)
        self._last_seq = new[-1].seq
        if any(change.collection_id == COLLECTIONS for change in new):
            self._reload_catalog()
        for change in new:
            self._tell(change)

    def _reload_catalog(self) -> None:
        self._budget.stop()
        self._catalog = load_catalog(self._reader, self._catalog.version + 1)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)


def _find(reader: apsw.Connection, collection: Collection, record_id: str) -> Record | None:
    statements = Statements.of(collection)
    try:
        row = reader.execute(statements.find, (record_id,)).fetchone()
    except apsw.SQLError:
        # The collection has just been changed: those who wait for it find the record.
        return None
    return statements.record(row) if row else None


async def _add_default_collections(tx: Transaction) -> None:
    # Another process may have been first.
    if not tx.catalog.collections:
        await tx.save_collections(default_collections(date_text(datetime.now(UTC))))
