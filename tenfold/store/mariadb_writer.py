"""Group commit: the writes of a process that wait share one transaction and one fsync.

**Order.** A reader of the change log goes by `seq`, and must never meet a number behind the
one that it has read. With AUTO_INCREMENT it would: numbers are taken at INSERT and seen at
COMMIT, so a small one may appear after a large one, and a rollback leaves a hole that looks
like one that is still to come. Here a group begins by locking the only row of `_turn`
(`SELECT ... FOR UPDATE`), numbers its changes from the row on, and writes the last number back
in the same transaction; the lock is held until COMMIT is done. So numbers are given in commit
order and without holes, whoever commits. Within a box the processes take turns by file locks
first (`sqlite_lock`): these are fair, and cost the database nothing.

**Outcome.** A connection that breaks before COMMIT was sent has written nothing. One that
breaks during COMMIT leaves the question open: the group signs the row with a name of its own,
so that the next login can read there whether it was kept. Nobody of this box writes before
that is settled; where the database stays away too long the client is told that it is not
known.

**Group.** Each write has a savepoint, so that one fails alone. While a group's COMMIT waits
for the disk the next writes gather, so that the group grows with the load by itself.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tenfold.errors import TenfoldError, Unavailable
from tenfold.store.contract import COLLECTIONS, Change, Transaction
from tenfold.store.figures import WriterFigures
from tenfold.store.mariadb_batches import insert_many
from tenfold.store.mariadb_catalog import MariadbCatalog, catalog_text
from tenfold.store.mariadb_connection import ConnectionLost, MariadbConnection, TooSlow
from tenfold.store.mariadb_lease import LEASE_S, NOW
from tenfold.store.mariadb_transaction import MariadbTransaction, TransactionOver, current
from tenfold.store.sqlite_lock import WriteTurn
from tenfold.telemetry.figures import Stopwatch

T = TypeVar("T")

log = logging.getLogger("tenfold.store")

TURN = "commits"
"""What the processes of a box call their turn to write here."""

MAX_GROUP = 256
"""Writes per transaction: bounds how long the first of them waits for its answer."""

MAX_WAITING = 10_000
"""Writes that may queue up before new ones are turned away."""

STATEMENT_LIMIT_S = 5.0
COMMIT_LIMIT_S = 10.0
SETTLE_LIMIT_S = 6.0
"""How long a group asks whether its COMMIT came through."""

APPEND = "INSERT INTO _changes (seq, collection_id, record_id, action, image) VALUES"

LOCK = f"""
SELECT seq, taken_by, database_id, box, until > {NOW} FROM _turn WHERE id = 1 FOR UPDATE
"""
RENAME = "UPDATE _turn SET database_id = ? WHERE id = 1"
TAKE = f"UPDATE _turn SET seq = ?, taken_by = ?, box = ?, until = {NOW} + {LEASE_S} WHERE id = 1"


@dataclass(slots=True)
class _Write:
    work: Callable[[Transaction], Awaitable[Any]]
    future: asyncio.Future[Any]
    is_single: bool = False
    is_alone: bool = False
    result: Any = None
    transaction: MariadbTransaction | None = None
    followed_up: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The row of `_turn` as a group found it."""

    seq: int
    taken_by: str
    database_id: str
    box: str
    is_leased: bool


@dataclass(slots=True)
class Group:
    """Writes that are committed together."""

    connection: MariadbConnection
    schema: Callable[[], Awaitable[MariadbConnection]]
    seq: int
    is_over: bool = False
    name: str = field(default_factory=lambda: secrets.token_hex(12))
    database_id: str = ""
    """The database's new one, where collections changed and the log does not say so."""
    done: list[_Write] = field(default_factory=list[_Write])

    @property
    def transactions(self) -> list[MariadbTransaction]:
        return [write.transaction for write in self.done if write.transaction]

    @property
    def has_written(self) -> bool:
        return any(transaction.has_written for transaction in self.transactions)

    @property
    def changes(self) -> list[Change]:
        found = [change for t in self.transactions for change in t.changes]
        return sorted(found, key=lambda change: change.seq)


class GroupUndone(Exception):
    """The whole group is lost; the cause says why."""


class Owner(Protocol):
    """What a group asks of its store."""

    @property
    def box(self) -> str:
        """The name of the box in the database's lease."""
        ...

    @property
    def described(self) -> MariadbCatalog:
        """The collections as of now."""
        ...

    async def connect(self) -> MariadbConnection:
        """Open a connection that writes."""
        ...

    async def begun(self, turn: Turn, connection: MariadbConnection) -> None:
        """The turn is held and nobody else can commit: learn what others have committed."""
        ...

    def committed(self, group: Group, catalog: str | None, asked_at: float) -> None:
        """A group is durable; nobody else has committed meanwhile."""
        ...


class MariadbCommits:
    """The only writer of a process."""

    def __init__(self, owner: Owner, folder: Path, figures: WriterFigures) -> None:
        self._figures = figures
        self._owner = owner
        self._turn = WriteTurn(folder, TURN)
        self._waiting: deque[_Write] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turn")
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._beside: set[asyncio.Task[None]] = set()
        self._connection: MariadbConnection | None = None
        self._schema: MariadbConnection | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="group commit")

    async def stop(self) -> None:
        """Finish the writes that wait and what follows them, then end."""
        if self._task is None:
            return
        while self._waiting or self._beside:
            self._wake.set()
            await asyncio.sleep(0.005)
        self._is_stopping = True
        self._wake.set()
        await self._task
        self._task = None
        self._thread.shutdown()
        self._turn.close()
        for connection in (self._connection, self._schema):
            if connection is not None:
                connection.close()

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        is_single: bool = False,
        is_alone: bool = False,
    ) -> T:
        """Run `work` in the next group (or `is_alone`); return once it is durable.

        Raises: Unavailable when too many writes wait or the database does not take them.
        """
        enclosing = current.get()
        if enclosing is not None and enclosing.is_open:
            try:
                return await enclosing.nested(work)
            except TransactionOver:
                log.debug("work that came too late for its transaction gets one of its own")
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("Too many writes are waiting.")
        write = _Write(work, asyncio.get_running_loop().create_future(), is_single, is_alone)
        self._waiting.append(write)
        self._wake.set()
        result = await write.future
        if write.followed_up:
            # What must follow a commit happens even when this caller is cancelled.
            await asyncio.shield(write.followed_up)
        return result

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work beside the groups; kept alive until it ends, its failure is logged."""

        async def guarded() -> None:
            try:
                await work
            except Unavailable as error:
                log.warning("what follows a write has to wait: %s", error)
            except Exception:
                # The write it follows is done, whatever becomes of this.
                log.exception("what follows a write failed")

        task = asyncio.get_running_loop().create_task(guarded())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    @property
    def waiting_count(self) -> int:
        """Writes that wait for their group."""
        return len(self._waiting)

    # --- one group after another ---

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                try:
                    await self._group()
                except Exception as error:
                    log.exception("a group of writes failed")
                    self._refuse(list(self._waiting), error)
                    self._waiting.clear()

    async def _group(self) -> None:
        """Take what waits through one transaction and answer it."""
        asked_at = time.monotonic()
        figures, watch = self._figures, Stopwatch()
        try:
            group = await self._begin()
            figures.turns.add(watch.lap())
        except TenfoldError as error:
            self._refuse(list(self._waiting), error)
            self._waiting.clear()
            return
        try:
            await self._run_works(group)
            figures.works.add(watch.lap())
            if group.has_written:
                await self._commit(group, asked_at)
                figures.commits.add(watch.lap())
                figures.groups.add(len(group.done))
            else:
                await group.connection.rows("ROLLBACK", (), STATEMENT_LIMIT_S)
        except (TenfoldError, GroupUndone) as error:
            self._drop_connection()
            self._refuse(group.done, error.__cause__ or error)
            return
        except BaseException as error:
            self._drop_connection()
            self._refuse(group.done, Unavailable("Nothing was written."))
            raise error
        finally:
            self._turn.release()
        for write in group.done:
            self._answer(write)

    async def _begin(self) -> Group:
        if not self._turn.try_acquire():
            await asyncio.get_running_loop().run_in_executor(self._thread, self._turn.acquire)
        try:
            connection, turn = await self._locked()
            if turn.box != self._owner.box and turn.is_leased:
                raise Unavailable("Another server has taken the database.", 10)
            await self._owner.begun(turn, connection)
            return Group(connection, self._schema_connection, turn.seq)
        except BaseException:
            self._drop_connection()
            self._turn.release()
            raise

    async def _locked(self) -> tuple[MariadbConnection, Turn]:
        """Lock the row of `_turn`. A connection that had died idle is replaced once."""
        if self._connection is not None and not self._connection.is_lost:
            try:
                return self._connection, await self._lock(self._connection)
            except ConnectionLost:
                self._drop_connection()
        self._connection = await self._owner.connect()
        return self._connection, await self._lock(self._connection)

    async def _lock(self, connection: MariadbConnection) -> Turn:
        # Begins the transaction, too: this session has no autocommit.
        rows = await connection.rows(LOCK, (), STATEMENT_LIMIT_S)
        if not rows:
            raise Unavailable("The database is not Tenfold's any more.", 30)
        seq, taken_by, database_id, box, is_leased = rows[0]
        return Turn(seq, taken_by, database_id, box, bool(is_leased))

    async def _schema_connection(self) -> MariadbConnection:
        """The connection for CREATE TABLE, which would end the transaction on the other."""
        if self._schema is None or self._schema.is_lost:
            self._schema = await self._owner.connect()
        return self._schema

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- works ---

    async def _run_works(self, group: Group) -> None:
        for _ in range(MAX_GROUP):
            if not self._waiting or group.is_over or (group.done and self._waiting[0].is_alone):
                return
            write = self._waiting.popleft()
            if await self._attempt(group, write):
                group.done.append(write)
            if write.is_alone:
                return

    async def _attempt(self, group: Group, write: _Write) -> bool:
        """Run one write; a failure undoes it alone."""
        last = group.done[-1].transaction if group.done else None
        described = last.described if last else self._owner.described
        transaction = MariadbTransaction(
            group, described, is_first=not group.done, is_single=write.is_single
        )
        write.transaction = transaction
        token = current.set(transaction)
        try:
            write.result = await write.work(transaction)
            await transaction.end()
            self._check(group)
        except BaseException as error:
            await transaction.end()
            self._fail(write, _told(error, group))
            await self._undo(group, transaction)
            if isinstance(error, asyncio.CancelledError):
                raise
            return False
        finally:
            current.reset(token)
        return True

    def _check(self, group: Group) -> None:
        # Work may have caught the error that cost the connection.
        if group.connection.is_lost:
            raise ConnectionLost

    async def _undo(self, group: Group, transaction: MariadbTransaction) -> None:
        lost = GroupUndone()
        lost.__cause__ = Unavailable("The database went away; nothing was written.")
        if group.connection.is_lost:
            raise lost
        try:
            await transaction.undo()
        except TenfoldError:
            raise lost from lost.__cause__

    # --- the end of a group ---

    async def _commit(self, group: Group, asked_at: float) -> None:
        changes = group.changes
        connection = group.connection
        catalog = None
        try:
            if changes:
                await _append(connection, changes)
            is_logged = any(change.collection_id == COLLECTIONS for change in changes)
            if is_logged or any(t.has_new_catalog for t in group.transactions):
                catalog = await catalog_text(connection)
            if catalog is not None and not is_logged:
                # Nobody who goes by the log would know; it is another database from now on.
                group.database_id = group.name
                await connection.rows(RENAME, (group.name,), STATEMENT_LIMIT_S)
            taken = (group.seq, group.name, self._owner.box)
            await connection.rows(TAKE, taken, STATEMENT_LIMIT_S)
        except TenfoldError as error:
            raise GroupUndone from _nothing_written(error)
        try:
            await connection.rows("COMMIT", (), COMMIT_LIMIT_S)
        except (ConnectionLost, TooSlow):
            self._drop_connection()
            await self._settle(group)
        self._owner.committed(group, catalog, asked_at)

    async def _settle(self, group: Group) -> None:
        """Find out whether a COMMIT came through whose answer was lost.

        Raises: GroupUndone when it did not, or nobody can tell in time.
        """
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while time.monotonic() < deadline:
            try:
                connection, turn = await self._locked()
                await connection.rows("ROLLBACK", (), STATEMENT_LIMIT_S)
            except TenfoldError:
                self._drop_connection()
                await asyncio.sleep(0.1)
                continue
            if turn.taken_by == group.name:
                return
            raise GroupUndone from Unavailable("The database went away; nothing was written.")
        raise GroupUndone from Unavailable(
            "The database went away; whether the write was kept is not known.", 5
        )

    # --- answers ---

    def _answer(self, write: _Write) -> None:
        transaction = write.transaction
        if transaction and transaction.has_after_commit:
            write.followed_up = self.beside(transaction.run_after_commit())
        if not write.future.done():
            write.future.set_result(write.result)

    def _refuse(self, writes: Sequence[_Write], error: BaseException) -> None:
        for write in writes:
            self._fail(write, error)

    def _fail(self, write: _Write, error: BaseException) -> None:
        if write.transaction:
            self.beside(write.transaction.run_after_rollback())
        if not write.future.done():
            write.future.set_exception(error)


async def _append(connection: MariadbConnection, changes: Sequence[Change]) -> None:
    """Write to the change log."""

    async def run(sql: str, params: Sequence[Any]) -> None:
        await connection.rows(sql, params, STATEMENT_LIMIT_S)

    rows = [(c.seq, c.collection_id, c.record_id, c.action, c.image) for c in changes]
    await insert_many(run, APPEND, rows)


def _nothing_written(error: TenfoldError) -> BaseException:
    if isinstance(error, ConnectionLost | TooSlow):
        return Unavailable("The database went away; nothing was written.")
    return error


def _told(error: BaseException, group: Group) -> BaseException:
    """What a write that failed is told: a lost connection has written nothing."""
    if isinstance(error, ConnectionLost) or (
        isinstance(error, TooSlow) and group.connection.is_lost
    ):
        told = Unavailable("The database went away; nothing was written.")
        told.__cause__ = error
        return told
    return error
