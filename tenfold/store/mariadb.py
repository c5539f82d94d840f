"""The store on MariaDB or MySQL: one database, the worker processes of one box.

Reads run on a bounded pool of connections; writes go through `MariadbCommits`. What other
workers commit is learned from the `Board` of the box, before an answer from memory goes out
(C2) and without asking the database. That holds because the box alone writes: see
`mariadb_lease`. Several boxes on one database need the cache of a later stage.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from tenfold.errors import TenfoldError, Unavailable
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.defaults import default_collections
from tenfold.schema.record import Record
from tenfold.schema.values.dates import date_text
from tenfold.store.contract import COLLECTIONS, Change, Transaction
from tenfold.store.figures import StoreFigures
from tenfold.store.mariadb_board import Board
from tenfold.store.mariadb_catalog import MariadbCatalog, catalog_text
from tenfold.store.mariadb_connection import WRITE_LIMIT_S, MariadbConnection
from tenfold.store.mariadb_copying import MariadbCopyReads
from tenfold.store.mariadb_dialect import quoted
from tenfold.store.mariadb_door import Door
from tenfold.store.mariadb_lease import Lease
from tenfold.store.mariadb_location import MariadbLocation
from tenfold.store.mariadb_migrations import migrate
from tenfold.store.mariadb_pool import MariadbPool
from tenfold.store.mariadb_reads import MariadbReads
from tenfold.store.mariadb_tables import COMMENT
from tenfold.store.mariadb_transaction import MariadbTransaction, current
from tenfold.store.mariadb_writer import TURN, Group, MariadbCommits, Turn
from tenfold.store.sqlite import GAP
from tenfold.store.sqlite_lock import WriteTurn

T = TypeVar("T")

log = logging.getLogger("tenfold.store")

READ_LIMIT_S = 30.0
KEPT_CHANGES = 20_000
PRUNE_EVERY = 500
MAX_PRUNED = 1_000
MOST_LEARNED = 5_000
"""Changes that a group learns one by one from the database; beyond, memory is dropped."""

FOLLOW_EVERY_S = 1.0
DROP_AFTER_S = 5.0
DROP_LIMIT_S = 60.0
SWEEP_AGE_S = 60

CHANGE_COLUMNS = "seq, collection_id, record_id, action, image"


class MariadbStore(MariadbCopyReads):
    """Tenfold's data in a MariaDB database; `folder` is where the box's processes meet."""

    def __init__(
        self, location: MariadbLocation, folder: Path, read_limit_s: float = READ_LIMIT_S
    ) -> None:
        super().__init__()
        self._folder = folder
        self._read_limit_s = read_limit_s
        self._described = MariadbCatalog("mariadb", Catalog(), {})
        self._listeners: list[Callable[[Change], None]] = []
        self._last_seq = 0
        self._epoch = 0
        self._prune_at = 0
        self._board = Board(folder)
        self._door = Door(location)
        self._pool = MariadbPool(self._connect_reader, location.connections)
        self._lease = Lease(self._pool)
        self._figures = StoreFigures()
        self._follower: asyncio.Task[None] | None = None
        self._later: set[asyncio.Task[None]] = set()

    # --- its life ---

    async def open(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        turn = WriteTurn(self._folder, TURN)
        await asyncio.to_thread(turn.acquire)
        try:
            connection = await self._door.connect(DROP_LIMIT_S)
            try:
                await migrate(connection)
                self._board.open()
                await self._lease.take(self._board.box)
                await self._bring_board(connection)
            finally:
                connection.close()
        finally:
            turn.release()
            turn.close()
        self._learn_all()
        self._commits = MariadbCommits(self, self._folder, self._figures.writer)
        self._commits.start()
        self._follower = asyncio.get_running_loop().create_task(self._follow(), name="follow")
        if not self.catalog.collections:
            await self.write(_add_default_collections)

    async def close(self) -> None:
        ended = [*self._later, *([self._follower] if self._follower else [])]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        await self._commits.stop()
        await self._lease.release(is_last=self._board.is_last_user())
        self._pool.close()
        self._board.close()

    async def _connect_reader(self) -> MariadbConnection:
        return await self._door.connect(self._read_limit_s)

    async def connect(self) -> MariadbConnection:
        """A connection for the writer: the server ends it when its process is gone."""
        return await self._door.connect(WRITE_LIMIT_S, ("wait_timeout = 60", "autocommit = 0"))

    @property
    def box(self) -> str:
        """What the lease knows this box by."""
        return self._board.box

    # --- reads ---

    @property
    def described(self) -> MariadbCatalog:
        self.poll()
        return self._described

    @property
    def known_catalog(self) -> Catalog:
        """The collections as of the last poll."""
        return self._described.catalog

    def find_now(self, collection: Collection, record_id: str) -> Record | None:
        """Nothing: a record is a round trip away, so that the shortest lane leaves it be."""
        del collection, record_id
        return None

    find_beside = find_now

    async def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """Run a SELECT of the store's own; for the files of this room only."""
        return await self._rows(sql, params)

    async def table(self, sql: str, limit_s: float) -> tuple[tuple[str, ...], list[Any]]:
        """The names of the columns and the rows of a SELECT; for the files of this room only."""
        async with self._pool.lent() as connection:
            return await connection.table(sql, limit_s)

    async def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        if not self._lease.is_held:
            raise Unavailable("The database does not answer.", 2)
        started_at = perf_counter()
        found = await self._pool.rows(sql, params, self._read_limit_s + 1)
        self._figures.digests.add(sql, len(params), len(found), perf_counter() - started_at)
        return found

    @property
    def figures(self) -> StoreFigures:
        return self._figures

    @property
    def waiting_writes(self) -> int:
        """Writes that wait for their group."""
        return self._commits.waiting_count

    def explain(self, sql: str, params: int) -> list[str]:
        """Nothing: the plan is a round trip away."""
        del sql, params
        return []

    # --- writes ---

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        is_single: bool = False,
        is_alone: bool = False,
    ) -> T:
        """`is_alone` keeps other writes out of the transaction: for work that may lose it."""
        return await self._commits.write(work, is_single=is_single, is_alone=is_alone)

    def current(self) -> MariadbReads:
        transaction = current.get()
        return transaction if transaction and transaction.is_open else self

    async def optimize(self) -> None:
        """Sweep up tables that a schema change cut short has left."""
        await self.write(self._sweep, is_alone=True)

    async def prune(self, kept: int = KEPT_CHANGES) -> None:
        """Forget changes but the newest `kept`, at most MAX_PRUNED at a time."""

        async def work(tx: Transaction) -> None:
            assert isinstance(tx, MariadbTransaction)
            await tx.run(
                f"DELETE FROM _changes WHERE seq <= ? ORDER BY seq LIMIT {MAX_PRUNED}",
                (self._last_seq - kept,),
            )

        await self.write(work)

    async def begun(self, turn: Turn, connection: MariadbConnection) -> None:
        """See `Owner`: the board is brought to where the database is."""
        if turn.database_id != self._board.database_id or turn.seq != self._board.seq:
            await self._catch_up(turn, connection)
        self.poll()

    def committed(self, group: Group, catalog: str | None, asked_at: float) -> None:
        """See `Owner`: the box hears of a group before any of its writes is answered."""
        self._lease.renewed(asked_at)
        changes = group.changes
        if catalog is not None and group.database_id:
            self._board.begin_anew(group.seq, group.database_id, catalog)
        elif changes:
            self._board.put(group.seq, changes, catalog)
        self.poll()
        dropped = [table for t in group.transactions for table in t.dropped]
        if dropped:
            task = asyncio.get_running_loop().create_task(self._drop_later(dropped))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        if self._last_seq >= self._prune_at:
            self._prune_at = self._last_seq + PRUNE_EVERY
            self._commits.beside(self.prune())

    async def _drop_later(self, tables: Sequence[str]) -> None:
        """Drop tables that nobody names, once the last reads that began before are done."""
        await asyncio.sleep(DROP_AFTER_S)
        try:
            await self._drop(tables)
        except TenfoldError as error:
            log.warning("old tables stay until the next sweep: %s", error)

    async def _drop(self, tables: Sequence[str]) -> None:
        connection = await self._door.connect(DROP_LIMIT_S)
        try:
            for table in tables:
                await connection.rows(f"DROP TABLE IF EXISTS {quoted(table)}", (), DROP_LIMIT_S)
        finally:
            connection.close()

    async def _sweep(self, tx: Transaction) -> None:
        assert isinstance(tx, MariadbTransaction)
        found = await tx.stray_tables(COMMENT, SWEEP_AGE_S)
        if found:
            await self._drop(found)

    # --- the change log ---

    def listen(self, listener: Callable[[Change], None]) -> None:
        self._listeners.append(listener)

    def poll(self) -> None:
        if not self._board.is_current():
            header = self._board.look()
            self._deliver(self._board.changes(self._last_seq), self._board.seq)
            self._board.deal_with(header)

    def is_current(self) -> bool:
        """Whether every commit so far has been told of; may be asked from any thread."""
        return self._lease.is_held and self._board.is_current()

    async def changes(self, after_seq: int, limit: int) -> list[Change]:
        sql = f"SELECT {CHANGE_COLUMNS} FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?"
        return [Change(*row) for row in await self._rows(sql, (after_seq, limit))]

    async def last_seq(self) -> int:
        self.poll()
        return self._last_seq

    def _deliver(self, changes: list[Change], seq: int) -> None:
        epoch = self._board.epoch
        is_whole = epoch == self._epoch and self._last_seq + len(changes) == seq
        self._epoch = epoch
        if not is_whole:
            self._learn_collections()
            self._tell(GAP)
        elif any(change.collection_id == COLLECTIONS for change in changes):
            self._learn_collections()
        self._last_seq = seq
        for change in changes:
            self._tell(change)

    def _learn_all(self) -> None:
        header = self._board.look()
        self._last_seq, self._epoch = self._board.seq, self._board.epoch
        self._prune_at = self._last_seq + PRUNE_EVERY
        self._learn_collections()
        self._board.deal_with(header)

    def _learn_collections(self) -> None:
        version = self._described.catalog.version + 1
        flavour = self._described.flavour
        self._described = MariadbCatalog.of_text(flavour, self._board.catalog or "[]", version)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)

    # --- the board ---

    async def _bring_board(self, connection: MariadbConnection) -> None:
        self._described = MariadbCatalog(connection.flavour, Catalog(), {})
        rows = await connection.rows("SELECT seq, database_id FROM _turn WHERE id = 1")
        seq, database_id = rows[0]
        if (seq, database_id) != (self._board.seq, self._board.database_id):
            self._board.begin_anew(seq, database_id, await catalog_text(connection))

    async def _catch_up(self, turn: Turn, connection: MariadbConnection) -> None:
        """Put up what somebody committed and could not tell of; all of it when that is unclear."""
        missing = turn.seq - self._board.seq
        is_near = turn.database_id == self._board.database_id and 0 < missing <= MOST_LEARNED
        sql = f"SELECT {CHANGE_COLUMNS} FROM _changes WHERE seq > ? ORDER BY seq"
        rows = await connection.rows(sql, (self._board.seq,)) if is_near else []
        catalog = await catalog_text(connection)
        if len(rows) == missing:
            self._board.put(turn.seq, [Change(*row) for row in rows], catalog)
        else:
            self._board.begin_anew(turn.seq, turn.database_id, catalog)

    async def _follow(self) -> None:
        """Look now and then whether the database is further than the board."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                known = self._board.seq
                rows = await self._rows("SELECT seq FROM _turn WHERE id = 1", ())
                if rows and rows[0][0] > known and self._board.seq == known:
                    await self.write(_look_only)
            except TenfoldError as error:
                log.debug("the database was not looked at: %s", error)
            except Exception:
                log.exception("the database was not looked at")


async def _look_only(tx: Transaction) -> None:
    """Every group begins by learning what is new."""
    del tx


async def _add_default_collections(tx: Transaction) -> None:
    # Another process may have been first.
    if not tx.catalog.collections:
        await tx.save_collections(default_collections(date_text(datetime.now(UTC))))
