"""One connection to MariaDB or MySQL, and what the server's errors mean.

Statements with values are prepared once per connection and sent in binary: doubles arrive
exactly, texts need no escaping. Every statement has a time limit; one that runs over it, or
is cancelled, costs the connection, because its answer may still be on the way.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, cast

import asyncmy
from asyncmy import errors

from tenfold.errors import OperatorError, PayloadTooLarge, TenfoldError, Unavailable
from tenfold.store.contract import Outdated
from tenfold.store.mariadb_location import MariadbLocation

CONNECT_LIMIT_S = 5.0
FOUND_ROWS = 2
"""A flag of the protocol: UPDATE tells how many rows it found, not how many it changed."""
WRITE_LIMIT_S = 4.5
"""How long one statement of a write may take; a little less than its task waits for it."""

KEPT_STATEMENTS = 150
SQL_MODE = (
    "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO"
)
"""SQL as SQLite reads it: "names", text || text, \\ no escape, nothing cut short in silence, and
0 a number like others."""

LOST = frozenset(
    {0, 1053, 1152, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 2055, 4031}
)
AWAY = frozenset({1040, 1203, 1226, 1290, 1792, 1836, 1047, 1205, 3572})
"""Too many connections, read-only, not synced, a lock not given: later it may work."""
UNDONE = frozenset({1020, 1180, 1213, 1614})
"""Deadlocks and the like: the server has undone the whole transaction."""
FULL = frozenset({3, 1021, 1026, 1030, 1037, 1041, 1114})
TOO_SLOW = frozenset({1028, 1317, 1969, 3024})
REFUSED = frozenset({1044, 1045, 1049, 1130, 1142, 1143, 1227, 1251, 1698, 3118})
NOT_UNIQUE = 1062
OUTDATED = frozenset({1054, 1146, 1412})
TOO_LARGE = frozenset({1153, 1301, 1406, 1264, 1118})


_connect = cast(Callable[..., Awaitable[Any]], asyncmy.connect)  # pyright: ignore[reportUnknownMemberType]


class ConnectionLost(Unavailable):
    """The server went away; what it was doing may have been done."""

    def __init__(self) -> None:
        super().__init__("The database does not answer.")


class TransactionLost(ConnectionLost):
    """The server has undone the whole transaction; going on would be without one."""


class ServerError(TenfoldError):
    """The server refused a statement; `code` is its number for the reason."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TooSlow(Unavailable):
    """A statement ran over its time; nothing came of it."""

    def __init__(self) -> None:
        super().__init__("The query took too long.")


class TooLarge(PayloadTooLarge):
    """A value is longer than its column or than one message to the server may be."""


class Result(Protocol):
    """What the driver gives back."""

    rows: tuple[tuple[Any, ...], ...] | None
    affected_rows: int | None
    description: tuple[tuple[Any, ...], ...] | None


class Prepared(Protocol):
    """A statement that the server knows already."""

    async def execute(self, args: Sequence[Any]) -> Result: ...

    async def close(self) -> None: ...


class Driver(Protocol):
    """The part of asyncmy's connection that is used here; its own types say little."""

    _result: Result

    @property
    def connected(self) -> bool: ...

    async def query(self, sql: str) -> Any: ...

    async def prepare(self, query: str) -> Prepared: ...

    def get_server_info(self) -> str: ...

    def close(self) -> None: ...


class MariadbConnection:
    """A connection that one task at a time uses; others wait for it."""

    def __init__(self, driver: Driver, flavour: str) -> None:
        self._driver = driver
        self._statements: dict[str, Prepared] = {}
        self._busy = asyncio.Lock()
        self.flavour = flavour
        self.affected = 0

    @property
    def is_lost(self) -> bool:
        """Whether it can't be used any more."""
        return not self._driver.connected

    @property
    def is_mysql(self) -> bool:
        return self.flavour == "mysql"

    async def rows(
        self, sql: str, params: Sequence[Any] = (), limit_s: float = 30.0
    ) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows; `affected` says how many it changed.

        Raises: Unavailable and its kin, ServerError, TooLarge.
        """
        async with self._busy:
            try:
                async with asyncio.timeout(limit_s):
                    result = await self._prepared(sql, params) if params else await self._text(sql)
            except BaseException as error:
                raise self._explained(error) from error
        self.affected = result.affected_rows or 0
        return list(result.rows or ())

    async def table(
        self, sql: str, limit_s: float = 30.0
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The names of the columns that a query gives, and the rows."""
        async with self._busy:
            try:
                async with asyncio.timeout(limit_s):
                    result = await self._text(sql)
            except BaseException as error:
                raise self._explained(error) from error
        names = tuple(described[0] for described in result.description or ())
        return names, list(result.rows or ())

    async def limit(self, seconds: float) -> None:
        """Have the server itself end statements that run longer (0: none); on MySQL, SELECTs.

        It tells so, and the connection and its transaction go on.
        """
        milliseconds, whole = int(1000 * seconds), f"max_statement_time = {seconds:g}"
        await self.rows(f"SET {f'max_execution_time = {milliseconds}' if self.is_mysql else whole}")

    def close(self) -> None:
        """Let go of the socket at once."""
        self._statements.clear()
        self._driver.close()

    async def _text(self, sql: str) -> Result:
        await self._driver.query(sql)
        return self._driver._result  # pyright: ignore[reportPrivateUsage]

    async def _prepared(self, sql: str, params: Sequence[Any]) -> Result:
        statement = self._statements.get(sql)
        if statement is None:
            if len(self._statements) >= KEPT_STATEMENTS:
                oldest = next(iter(self._statements))
                await self._statements.pop(oldest).close()
            statement = self._statements[sql] = await self._driver.prepare(sql)
        return await statement.execute(params)

    def _explained(self, error: BaseException) -> BaseException:
        if isinstance(error, TimeoutError):
            self.close()
            return TooSlow()
        if isinstance(error, errors.Error):
            told = explained(error)
            if isinstance(told, ConnectionLost):
                self.close()
            return told
        if isinstance(error, OSError | asyncio.IncompleteReadError):
            self.close()
            return ConnectionLost()
        # A cancelled statement, or a fault of ours: the protocol may be out of step.
        self.close()
        return error


async def connect(location: MariadbLocation, more: Sequence[str] = ()) -> MariadbConnection:
    """Log in and make the session speak as Tenfold needs; `more` are further settings of it.

    Raises: ConnectionLost when nobody answers, OperatorError when the server refuses.
    """
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            driver = await _connect(
                host=location.host,
                port=location.port,
                unix_socket=location.socket or None,
                user=location.user,
                password=location.password,
                database=location.database,
                charset="utf8mb4",
                autocommit=True,
                client_flag=FOUND_ROWS,
                ssl=location.tls(),
                connect_timeout=CONNECT_LIMIT_S,
                program_name="tenfold",
            )
            connection = MariadbConnection(cast(Driver, driver), _flavour(driver))
            await connection.rows(_session(connection, more))
            return connection
    except (TimeoutError, OSError, asyncio.IncompleteReadError, errors.Error) as error:
        raise _not_connected(location, error) from error


def _not_connected(location: MariadbLocation, error: Exception) -> TenfoldError:
    reason = error.__cause__ or error.__context__
    for seen in (error, reason):
        if isinstance(seen, ssl.SSLError):
            told = f"The database {location.shown} can't be trusted: {seen.strerror or seen}"
            return OperatorError(told, hint="ca=/path/ca.crt names who signs its certificate")
    return explained(error) if isinstance(error, errors.Error) else ConnectionLost()


def _flavour(driver: Driver) -> str:
    return "mariadb" if "mariadb" in driver.get_server_info().lower() else "mysql"


def collation_of(flavour: str) -> str:
    """The collation that compares texts by their bytes, trailing spaces included."""
    return "utf8mb4_nopad_bin" if flavour == "mariadb" else "utf8mb4_0900_bin"


def _session(connection: MariadbConnection, more: Sequence[str]) -> str:
    settings = [
        f"NAMES utf8mb4 COLLATE {collation_of(connection.flavour)}",
        f"sql_mode = '{SQL_MODE}'",
        "time_zone = '+00:00'",
        "innodb_lock_wait_timeout = 5",
        "group_concat_max_len = 16777216",
        f"{'transaction' if connection.is_mysql else 'tx'}_isolation = 'READ-COMMITTED'",
        *more,
    ]
    return f"SET {', '.join(settings)}"


def explained(error: errors.Error) -> TenfoldError:
    """What an error of the driver means."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    if code in LOST:
        return ConnectionLost()
    if code in UNDONE:
        return TransactionLost()
    if code in TOO_SLOW:
        return TooSlow()
    if code in AWAY:
        return Unavailable("The database is busy.")
    if code in FULL:
        return Unavailable("The database's disk is full; nothing was written.", 30)
    if code in OUTDATED:
        return Outdated()
    if code in TOO_LARGE:
        return TooLarge("A value is larger than the database takes.")
    if code in REFUSED:
        return OperatorError(f"The database refuses the login or its rights: {message}")
    return ServerError(code, message)
