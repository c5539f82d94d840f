"""Ask and wait: a closed-loop client on one connection, for what is not measured."""

from __future__ import annotations

import asyncio
from typing import Self

from tenfold.errors import OperatorError
from tenfold.measure.load.connection import Connection, open_connection
from tenfold.measure.load.site import Address

ANSWER_LIMIT = 1 << 20


class Caller:
    """Sends requests one after another."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    @classmethod
    async def open(cls, address: Address) -> Self:
        """A caller that is connected. Raises: OSError."""
        caller = cls()
        caller._connection = await open_connection(address, caller, ANSWER_LIMIT)
        return caller

    async def ask(self, request: bytes, timeout_s: float) -> tuple[int, bytes]:
        """Status and body. Raises: OperatorError when no answer comes, or not in time."""
        assert self._connection
        self._answer = asyncio.get_running_loop().create_future()
        self._connection.send(request)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._answer
        except TimeoutError:
            raise OperatorError(f"the target gave no answer within {timeout_s:g} s") from None

    def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.close()

    def answered(self, connection: Connection) -> None:
        """As `Owner`."""
        if self._answer and not self._answer.done():
            self._answer.set_result((connection.reader.status, connection.reader.body))

    def broke(self, connection: Connection, why: str) -> None:
        """As `Owner`."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(OperatorError(f"the target gave no answer: {why}"))

    def lost(self, connection: Connection) -> None:
        """As `Owner`."""
