"""A bounded set of connections for reading; what can't be served soon is turned away.

Nobody waits long for a database that is slow or gone: the queue is short, and a wait has a limit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tenfold.errors import Unavailable
from tenfold.store.mariadb_connection import ConnectionLost, MariadbConnection

MAX_WAITING = 1_000
"""Reads that may wait for a connection before new ones are turned away."""

WAIT_LIMIT_S = 5.0


class MariadbPool:
    """Lends connections, the one used last first, so that few stay warm when little is asked."""

    def __init__(self, connect: Callable[[], Awaitable[MariadbConnection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._idle: list[MariadbConnection] = []
        self._open_count = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_closed = False

    async def rows(
        self, sql: str, params: Sequence[Any] = (), limit_s: float = 30.0
    ) -> list[tuple[Any, ...]]:
        """Run a SELECT. One that meets a connection that had died is asked again."""
        try:
            async with self.lent() as connection:
                return await connection.rows(sql, params, limit_s)
        except ConnectionLost:
            # The server has restarted: what lay idle is dead, too.
            self.drop_idle()
        async with self.lent() as connection:
            return await connection.rows(sql, params, limit_s)

    @asynccontextmanager
    async def lent(self) -> AsyncGenerator[MariadbConnection]:
        """A connection that nobody else uses. Raises: Unavailable."""
        connection = await self._take()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def drop_idle(self) -> None:
        """Close what nobody uses."""
        while self._idle:
            self._forget(self._idle.pop())

    def close(self) -> None:
        self._is_closed = True
        self.drop_idle()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(Unavailable("The service stops."))

    async def _take(self) -> MariadbConnection:
        while True:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_lost:
                    return connection
                self._forget(connection)
            if self._open_count < self._size:
                return await self._open()
            await self._wait()

    async def _open(self) -> MariadbConnection:
        if self._is_closed:
            raise ConnectionLost
        self._open_count += 1
        try:
            return await self._connect()
        except BaseException:
            self._open_count -= 1
            self._wake_one()
            raise

    async def _wait(self) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("Too many reads are waiting for the database.")
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                await waiter
        except BaseException as error:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                # The turn was given to one that has gone.
                self._wake_one()
            if isinstance(error, TimeoutError):
                raise Unavailable("The database is too slow at the moment.") from error
            raise

    def _give_back(self, connection: MariadbConnection) -> None:
        if connection.is_lost or self._is_closed:
            self._forget(connection)
        else:
            self._idle.append(connection)
        self._wake_one()

    def _forget(self, connection: MariadbConnection) -> None:
        connection.close()
        self._open_count -= 1

    def _wake_one(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
