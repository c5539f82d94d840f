"""One box at a time has a database: a lease in its row `_turn`, renewed by every process.

What a box remembers is right because it hears of all commits, and it hears of all commits
because only its own processes make them. A process that could not renew in time stops
answering, before another box may begin; a writer looks at the row that it locks anyway, so
that a late one can't write.
"""

from __future__ import annotations

import asyncio
import logging
import time

from tenfold.errors import OperatorError, TenfoldError
from tenfold.store.mariadb_pool import MariadbPool

LEASE_S = 12.0
MARGIN_S = 2.0
RENEW_EVERY_S = 3.0
STATEMENT_LIMIT_S = 5.0

NOW = "UNIX_TIMESTAMP(NOW(6))"
RENEW = f"""
UPDATE _turn SET box = ?, until = {NOW} + {LEASE_S}
WHERE id = 1 AND (box = ? OR until < {NOW})
"""
RELEASE = "UPDATE _turn SET until = 0 WHERE id = 1 AND box = ?"

log = logging.getLogger("tenfold.store")


class Lease:
    """The lease of the box that a process belongs to."""

    def __init__(self, pool: MariadbPool) -> None:
        self._pool = pool
        self._box = ""
        self._held_until = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether no other box can have the database; may be asked from any thread."""
        return time.monotonic() < self._held_until

    async def take(self, box: str) -> None:
        """Wait until the database is free for this box, and keep it.

        Raises: OperatorError when another box goes on using it.
        """
        self._box = box
        deadline = time.monotonic() + LEASE_S + MARGIN_S
        while not await self._renew():
            if time.monotonic() > deadline:
                raise OperatorError(
                    "Another Tenfold uses this database.",
                    hint="Stop it, or give this one a database of its own.",
                )
            await asyncio.sleep(0.5)
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="lease")

    def renewed(self, asked_at: float) -> None:
        """A statement sent at a moment (monotonic) has renewed the lease."""
        self._held_until = max(self._held_until, asked_at + LEASE_S - MARGIN_S)

    async def release(self, *, is_last: bool) -> None:
        """Stop renewing; the last process of the box gives the database free."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if is_last and self._box:
            try:
                await self._pool.rows(RELEASE, (self._box,), STATEMENT_LIMIT_S)
            except TenfoldError as error:
                log.warning("the database was not given free: %s", error)

    async def _renew(self) -> bool:
        asked_at = time.monotonic()
        async with self._pool.lent() as connection:
            await connection.rows(RENEW, (self._box, self._box), STATEMENT_LIMIT_S)
            is_ours = connection.affected == 1
        if is_ours:
            self.renewed(asked_at)
        return is_ours

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                if not await self._renew():
                    log.error("another Tenfold has taken this database")
            except TenfoldError as error:
                log.warning("the lease on the database was not renewed: %s", error)
            except Exception:
                log.exception("the lease on the database was not renewed")
