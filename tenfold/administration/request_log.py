"""The request log: what was asked and how it went, kept for some days, cheap under load.

Successes are sampled: a worker keeps BURST of them at once and then PER_SECOND; errors are
kept up to a higher bound. What was left out is counted, and a row says how many. Rows are
written by a thread, in batches; a full queue drops rows, never requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from tenfold.administration.log_rows import LOGS, Activity, LogPolicy, row_of, sampled_row
from tenfold.administration.settings_room import SettingsRoom
from tenfold.administration.stored import StoredSettings
from tenfold.schema.values.dates import date_text
from tenfold.store.logs import LogFile, LogRow
from tenfold.store.select import Query

T = TypeVar("T")

BURST = 200
PER_SECOND = 20
ERRORS_PER_SECOND = 200
FLUSH_EVERY_S = 1.0
QUEUE_LIMIT = 2_000
KEPT_ROWS = 5_000_000
FIRST_ERROR_STATUS = 400

_log = logging.getLogger(__name__)


class RequestLog:
    """The log of one worker; all workers write to the same file."""

    def __init__(
        self,
        folder: Path,
        room: SettingsRoom,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file = LogFile(folder, LOGS)
        self._room = room
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="request-log")
        self._queue: list[LogRow] = []
        self._tokens = float(BURST)
        self._error_tokens = ERRORS_PER_SECOND
        self._left_out = 0
        self._policy = LogPolicy.of(room.current())
        self._ticking: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the file and start writing; the settings must be open."""
        await self._call(self._file.open)
        self._follow(self._room.current())
        self._room.listen(self._follow)
        self._ticking = asyncio.get_running_loop().call_later(FLUSH_EVERY_S, self._tick)

    async def close(self) -> None:
        """Write what waits and close the file."""
        if self._ticking:
            self._ticking.cancel()
        await self.flush()
        await self._call(self._file.close)
        self._thread.shutdown()

    # invariant: a success that is left out costs the event loop well under 2 microseconds.
    def record(self, activity: Activity) -> None:
        """Note an answered request, unless the policy or the sampling leaves it out."""
        if activity.status < FIRST_ERROR_STATUS:
            if self._tokens < 1:
                self._left_out += 1
                return
            if not self._policy.keeps_info:
                return
            self._tokens -= 1
        else:
            if not self._policy.keeps_errors:
                return
            if self._error_tokens < 1:
                self._left_out += 1
                return
            self._error_tokens -= 1
        self._put(row_of(activity, self._policy, self._clock()))

    def leave_out(self) -> bool:
        """Whether a success would be left out now; then it is counted as such.

        For the fast lane, which has no Activity at hand.
        """
        if self._tokens < 1:
            self._left_out += 1
            return True
        return False

    def _put(self, row: LogRow) -> None:
        if len(self._queue) < QUEUE_LIMIT:
            self._queue.append(row)
        else:
            self._left_out += 1

    async def flush(self) -> None:
        """Write what waits; a failure is told to the operator and the rows are dropped."""
        if self._left_out and self._policy.keeps_info:
            self._queue.append(sampled_row(self._left_out, self._clock()))
        self._left_out = 0
        rows, self._queue = self._queue, []
        if not rows:
            return
        try:
            await self._call(self._file.append, rows)
        except Exception as error:  # a log that can't be written must not stop the service
            _log.error("%d rows of the request log were lost: %s", len(rows), error)

    def _tick(self) -> None:
        self._tokens = min(BURST, self._tokens + PER_SECOND * FLUSH_EVERY_S)
        self._error_tokens = ERRORS_PER_SECOND
        loop = asyncio.get_running_loop()
        if self._flushing is None or self._flushing.done():
            self._flushing = loop.create_task(self.flush())
        self._ticking = loop.call_later(FLUSH_EVERY_S, self._tick)

    def _follow(self, settings: StoredSettings) -> None:
        self._policy = LogPolicy.of(settings)

    async def _call(self, function: Callable[..., T], *args: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *args)

    async def find(self, row_id: str) -> LogRow | None:
        """A row by id."""
        await self.flush()
        return await self._call(self._file.find, row_id)

    async def select(self, query: Query) -> list[LogRow]:
        """The rows a query over LOGS picks; rows of other workers may be a second late."""
        await self.flush()
        return await self._call(self._file.select, query)

    async def count(self, query: Query) -> int:
        """How many rows a query picks."""
        return await self._call(self._file.count, query)

    async def per_hour(self, query: Query) -> list[tuple[str, int]]:
        """(hour, rows) of what a query picks."""
        await self.flush()
        return await self._call(self._file.per_hour, query)

    async def clear(self) -> None:
        """Forget everything."""
        self._queue = []
        await self._call(self._file.clear)

    async def clean(self) -> None:
        """Forget what is older than the settings want, or too much; for a daily cron job."""
        oldest = self._clock() - timedelta(days=self._policy.max_days)
        await self._call(self._file.forget, date_text(oldest), KEPT_ROWS)
