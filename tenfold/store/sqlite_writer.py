"""Group commit: the writes that wait share one transaction and one fsync.

The statements of a write take microseconds and run on the event loop; only the wait for
another process's turn and the COMMIT with its fsync go to a thread. While one group is being
made durable the next one gathers, so the group grows with the load by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from tenfold.errors import Unavailable
from tenfold.schema.collection import Catalog
from tenfold.store.contract import Outdated, Transaction
from tenfold.store.figures import WriterFigures
from tenfold.store.sqlite_connection import BEGIN, is_outdated, try_begin
from tenfold.store.sqlite_lock import WriteTurn
from tenfold.store.sqlite_transaction import (
    Numbering,
    SqliteTransaction,
    TransactionOver,
    append_changes,
    current,
)
from tenfold.telemetry.figures import Stopwatch

T = TypeVar("T")

log = logging.getLogger("tenfold.store")

MAX_GROUP = 512
"""Writes per transaction: bounds how long the first of them waits for its answer."""

MAX_WAITING = 20_000
"""Writes that may queue up before new ones are turned away."""


@dataclass(slots=True)
class _Write:
    work: Callable[[Transaction], Awaitable[Any]]
    future: asyncio.Future[Any]
    is_single: bool = False
    is_alone: bool = False
    result: Any = None
    transaction: SqliteTransaction | None = None
    followed_up: asyncio.Task[None] | None = None


class _GroupUndone(Exception):
    """SQLite rolled the whole group back by itself; the cause says why."""


class GroupCommit:
    """The only writer of a process.

    `begun` is called once the turn to write is held (so nobody else can commit), before any
    work runs, and gives the position of the newest change; `committed` with the group's
    transactions right after the COMMIT, the turn still held.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        folder: Path,
        *,
        new_transaction: Callable[[Numbering, Catalog | None, bool], SqliteTransaction],
        begun: Callable[[], int],
        committed: Callable[[list[SqliteTransaction]], None],
        figures: WriterFigures,
    ) -> None:
        self._connection = connection
        self._figures = figures
        self._turn = WriteTurn(folder)
        self._new_transaction = new_transaction
        self._begun = begun
        self._committed = committed
        self._waiting: deque[_Write] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._task: asyncio.Task[None] | None = None
        self._numbering = Numbering(0)
        self._is_stopping = False
        self._beside: set[asyncio.Task[None]] = set()
        self.committing: list[SqliteTransaction] = []
        """The group whose COMMIT is under way: when the file changes now, it was this group."""

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="group commit")

    async def stop(self) -> None:
        """Finish the writes that wait and what follows them, then end."""
        if self._task is None:
            return
        while self._waiting or self._beside:
            await asyncio.sleep(0.005)
        self._is_stopping = True
        self._wake.set()
        await self._task
        self._thread.shutdown()
        self._turn.close()

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        is_single: bool = False,
        is_alone: bool = False,
    ) -> T:
        """Run `work` in the next group (or `is_alone`); return once it is durable.

        Raises: Unavailable when too many writes wait or the disk refuses the commit.
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

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._group()

    async def _group(self) -> None:
        """Take what waits through one transaction and answer it."""
        figures, watch = self._figures, Stopwatch()
        try:
            await self._begin()
            figures.turns.add(watch.lap())
        except apsw.Error as error:
            self._refuse(list(self._waiting), error)
            self._waiting.clear()
            return
        done: list[_Write] = []
        try:
            try:
                await self._run_works(done)
                figures.works.add(watch.lap())
                if done:
                    self.committing = [w.transaction for w in done if w.transaction]
                    append_changes(self._connection, self.committing)
                    await self._in_thread(self._connection.execute, "COMMIT")
                    figures.commits.add(watch.lap())
                    figures.groups.add(len(done))
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            self._committed(self.committing)
        except (apsw.Error, _GroupUndone) as error:
            self._refuse(done, error.__cause__ or error)
            return
        finally:
            self.committing = []
            self._turn.release()
        for write in done:
            self._answer(write)

    def _answer(self, write: _Write) -> None:
        transaction = write.transaction
        if transaction and transaction.has_after_commit:
            write.followed_up = self.beside(transaction.run_after_commit())
        if not write.future.done():
            write.future.set_result(write.result)

    async def _begin(self) -> None:
        if not self._turn.try_acquire():
            await self._in_thread(self._turn.acquire)
        try:
            # With the turn held nobody else of ours writes, so this waits for nothing...
            if not try_begin(self._connection):
                # ...unless some other program has the file open for writing.
                await self._in_thread(self._connection.execute, BEGIN)
            self._numbering = Numbering(self._begun())
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._turn.release()
            raise

    async def _run_works(self, done: list[_Write]) -> None:
        for _ in range(MAX_GROUP):
            if not self._waiting or (done and self._waiting[0].is_alone):
                return
            write = self._waiting.popleft()
            if await self._attempt(write, done):
                done.append(write)
            if write.is_alone:
                return

    async def _attempt(self, write: _Write, done: list[_Write]) -> bool:
        """Run one write; a failure undoes it alone."""
        last = done[-1].transaction if done else None
        catalog = last.catalog if last else None
        transaction = self._new_transaction(self._numbering, catalog, write.is_single)
        write.transaction = transaction
        token = current.set(transaction)
        try:
            write.result = await write.work(transaction)
            await transaction.end()
            transaction.keep()
        except BaseException as error:
            await transaction.end()
            self._fail(write, error)
            self._undo(transaction, error)
            if isinstance(error, asyncio.CancelledError):
                raise
            return False
        finally:
            current.reset(token)
        return True

    @property
    def waiting_count(self) -> int:
        """Writes that wait for their group."""
        return len(self._waiting)

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work beside the groups; kept alive until it ends, its failure is logged."""

        async def guarded() -> None:
            try:
                await work
            except Exception:
                # The write it follows is done, whatever becomes of this.
                log.exception("what follows a write failed")

        task = asyncio.get_running_loop().create_task(guarded())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    def _undo(self, transaction: SqliteTransaction, error: BaseException) -> None:
        # A full disk or an interrupt rolls the whole transaction back; the group fails as one.
        if not self._connection.in_transaction or not transaction.can_be_undone:
            raise _GroupUndone from error
        transaction.undo()

    def _refuse(self, writes: list[_Write], error: BaseException) -> None:
        for write in writes:
            self._fail(write, error)

    def _fail(self, write: _Write, error: BaseException) -> None:
        if write.transaction:
            self.beside(write.transaction.run_after_rollback())
        if not write.future.done():
            write.future.set_exception(_translated(error))

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


def _translated(error: BaseException) -> BaseException:
    """Say what a driver's error means to the caller, its cause kept."""
    if isinstance(error, apsw.FullError):
        return _caused(Unavailable("The disk is full; nothing was written.", 30), error)
    if isinstance(error, (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError)):
        return _caused(Unavailable("The data folder can't be written.", 30), error)
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return _caused(Unavailable("The database is busy."), error)
    if isinstance(error, (apsw.IOError, apsw.CorruptError)):
        return _caused(Unavailable("The disk failed; nothing was written.", 30), error)
    if isinstance(error, apsw.SQLError) and is_outdated(error):
        return _caused(Outdated(), error)
    return error


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error
