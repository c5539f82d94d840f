"""The one place where a process opens connections to its database.

After a failed try all others fail at once until the next try is due, so that nobody waits for a
database that is gone; the first try that succeeds, whoever made it, opens the way for all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tenfold.errors import TenfoldError
from tenfold.store.mariadb_connection import ConnectionLost, MariadbConnection, connect
from tenfold.store.mariadb_location import MariadbLocation

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


class Door:
    """Opens connections to one database."""

    def __init__(self, location: MariadbLocation) -> None:
        self._location = location
        self._pause_s = 0.0
        self._no_try_before = 0.0

    async def connect(self, limit_s: float, settings: Sequence[str] = ()) -> MariadbConnection:
        """A connection whose statements may take `limit_s`; `settings` are of its session.

        Raises: ConnectionLost when the database does not answer, or did not a moment ago.
        """
        if time.monotonic() < self._no_try_before:
            raise ConnectionLost
        try:
            connection = await connect(self._location, settings)
            await connection.limit(limit_s)
        except TenfoldError:
            self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            self._no_try_before = time.monotonic() + self._pause_s
            raise
        self._pause_s = self._no_try_before = 0.0
        return connection
