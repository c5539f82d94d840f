"""The bus of one box: a SQLite file that every worker tails, and nothing to install.

A message goes to this worker's own subscribers directly; the others find it by looking at
`PRAGMA data_version` (about a microsecond) every few milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import string
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import apsw

from tenfold.bus import local_file
from tenfold.bus.contract import Receiver
from tenfold.bus.local_file import as_unavailable, run

POLL_S = 0.01
SIGN_IN_EVERY_S = 5.0
log = logging.getLogger("tenfold.bus")

ALPHABET = string.ascii_letters + string.digits


class LocalBus:
    """See `Bus`. `folder` is the data folder that the workers share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._id = "".join(secrets.choice(ALPHABET) for _ in range(8))
        self._receivers: defaultdict[str, list[Receiver]] = defaultdict(list)
        self._connection: apsw.Connection | None = None
        self._tail: asyncio.Task[None] | None = None
        self._seen_version = -1
        self._last_id = 0

    @property
    def id(self) -> str:
        return self._id

    async def open(self) -> None:
        self._connection = connection = local_file.open_runtime(self._folder)
        with as_unavailable():
            local_file.sign_in(connection, self._id)
            newest = run(connection, "SELECT max(seq) FROM sqlite_sequence")
        self._last_id = newest[0][0] or 0
        self._tail = asyncio.get_running_loop().create_task(self._run(), name="bus tail")

    async def close(self) -> None:
        if self._tail:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
            self._tail = None
        if self._connection:
            with as_unavailable():
                local_file.sign_out(self._connection, self._id)
                self._connection.close()
            self._connection = None

    async def publish(self, topic: str, payload: bytes) -> None:
        with as_unavailable():
            run(
                self._file(),
                "INSERT INTO messages (topic, origin, payload, sent_at) VALUES (?, ?, ?, ?)",
                (topic, self._id, payload, time.time()),
            )
        self._deliver(topic, payload)

    def subscribe(self, topic: str, receive: Receiver) -> Callable[[], None]:
        receivers = self._receivers[topic]
        receivers.append(receive)
        return lambda: receivers.remove(receive) if receive in receivers else None

    async def put(self, key: str, value: bytes) -> None:
        with as_unavailable():
            run(
                self._file(),
                "INSERT OR REPLACE INTO entries (key, owner, value) VALUES (?, ?, ?)",
                (key, self._id, value),
            )

    async def get(self, key: str) -> bytes | None:
        with as_unavailable():
            rows = run(self._file(), "SELECT owner, value FROM entries WHERE key = ?", (key,))
            if not rows or rows[0][0] not in local_file.living(self._file()):
                return None
            return rows[0][1]

    async def delete(self, key: str) -> None:
        with as_unavailable():
            run(self._file(), "DELETE FROM entries WHERE key = ?", (key,))

    async def workers(self) -> frozenset[str]:
        with as_unavailable():
            return local_file.living(self._file())

    def _file(self) -> apsw.Connection:
        if self._connection is None:
            raise apsw.ConnectionClosedError("the bus is closed")
        return self._connection

    def _deliver(self, topic: str, payload: bytes) -> None:
        for receive in list(self._receivers.get(topic, ())):
            try:
                receive(payload)
            except Exception:
                log.exception("a receiver of %s failed", topic)

    async def _run(self) -> None:
        next_sign_in = time.monotonic() + SIGN_IN_EVERY_S
        while True:
            await asyncio.sleep(POLL_S)
            try:
                self._look()
                if time.monotonic() >= next_sign_in:
                    next_sign_in = time.monotonic() + SIGN_IN_EVERY_S
                    local_file.sign_in(self._file(), self._id)
            except apsw.Error:
                # A full or busy disk: the messages wait in the file, so look again later.
                await asyncio.sleep(0.1)

    def _look(self) -> None:
        """Deliver what other workers sent since the last look."""
        version = run(self._file(), "PRAGMA data_version")[0][0]
        if version == self._seen_version:
            return
        newer = run(
            self._file(),
            "SELECT id, topic, origin, payload FROM messages WHERE id > ? ORDER BY id",
            (self._last_id,),
        )
        for row_id, topic, origin, payload in newer:
            self._last_id = row_id
            if origin != self._id:
                self._deliver(topic, payload)
        self._seen_version = version
