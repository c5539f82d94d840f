"""What the processes of one box have committed to MariaDB, told to each other without asking it.

A reader that trusts its memory must know of every acknowledged write (C2), and must not ask
the database for that each time. So the box has a board: a small SQLite file, in no way
durable, on which a writer puts its changes after COMMIT and before it answers. The others see
in shared memory that something is new (about 0.1 microseconds, see `sqlite_wal_index`) and
read it there. A writer that dies between COMMIT and board has acknowledged nothing; the next
one to write, or the next look at the database, finds by the numbers what is missing.

The file bears the boot's id: after a power loss a new one is begun.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from tenfold.store.contract import Change
from tenfold.store.sqlite_connection import rows
from tenfold.store.sqlite_wal_index import CommitMark

KEPT_CHANGES = 5_000
PRUNE_EVERY = 500
PREFIX = "commits-"
BUSY_MS = 10_000

_TABLES = """
CREATE TABLE IF NOT EXISTS position (
    id INTEGER PRIMARY KEY, seq INTEGER, epoch INTEGER, database_id TEXT, catalog TEXT, box TEXT
);
CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY, collection_id TEXT, record_id TEXT, action TEXT, image TEXT
);
"""


class Board:
    """The file in a data folder; only the holder of the write turn may write to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{PREFIX}{_boot_id()}.db"

    def open(self) -> None:
        for old in self._folder.glob(f"{PREFIX}*"):
            if not old.name.startswith(self._path.name):
                old.unlink(missing_ok=True)
        self._connection = apsw.Connection(str(self._path))
        self._connection.set_busy_timeout(BUSY_MS)
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "off")
        self._connection.pragma("journal_size_limit", 32 << 20)
        with self._connection:
            self._connection.execute(_TABLES)
            self._connection.execute(
                "INSERT OR IGNORE INTO position VALUES (1, -1, 0, '', '', ?)",
                (secrets.token_hex(8),),
            )
        self._mark = CommitMark(self._path)
        self.box: str = self._one("box")
        self._alive = os.open(
            self._folder / "commits.alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        fcntl.flock(self._alive, fcntl.LOCK_SH)

    def close(self) -> None:
        self._connection.close()
        os.close(self._alive)

    def is_last_user(self) -> bool:
        """Whether no other process of the box has the board open."""
        try:
            fcntl.flock(self._alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(self._alive, fcntl.LOCK_SH)
            return False
        return True

    # --- reading ---

    @property
    def seq(self) -> int:
        """The newest change that is known here."""
        return self._one("seq")

    @property
    def epoch(self) -> int:
        """Grows when what was put up before is no beginning of what comes now."""
        return self._one("epoch")

    @property
    def database_id(self) -> str:
        """Which database the board is about."""
        return self._one("database_id")

    @property
    def catalog(self) -> str:
        """The collections as of `seq`, as `catalog_text` has them."""
        return self._one("catalog")

    def changes(self, after_seq: int) -> list[Change]:
        """The changes after a position, oldest first; old ones may be gone."""
        sql = "SELECT seq, collection_id, record_id, action, image FROM changes WHERE seq > ?"
        return [Change(*row) for row in rows(self._connection, f"{sql} ORDER BY seq", (after_seq,))]

    def is_current(self) -> bool:
        """Whether nothing was put up since `deal_with`; may be asked from any thread."""
        return self._mark.is_current()

    def look(self) -> bytes:
        """The state of the board; read it after this call, never before."""
        return self._mark.look()

    def deal_with(self, header: bytes) -> None:
        """All that was up at `look` has been learned."""
        self._mark.deal_with(header)

    # --- writing ---

    def put(self, seq: int, changes: Sequence[Change], catalog: str | None) -> None:
        """Put up what was committed; `catalog` where collections changed."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?)",
                [(c.seq, c.collection_id, c.record_id, c.action, c.image) for c in changes],
            )
            self._connection.execute("UPDATE position SET seq = ?", (seq,))
            if catalog is not None:
                self._connection.execute("UPDATE position SET catalog = ?", (catalog,))
            if seq % PRUNE_EVERY < len(changes):
                self._connection.execute(
                    "DELETE FROM changes WHERE seq <= ?", (seq - KEPT_CHANGES,)
                )

    def begin_anew(self, seq: int, database_id: str, catalog: str) -> None:
        """Forget all and stand at a position of a database."""
        with self._connection:
            self._connection.execute("DELETE FROM changes")
            self._connection.execute(
                "UPDATE position SET seq = ?, database_id = ?, catalog = ?, epoch = epoch + 1",
                (seq, database_id, catalog),
            )

    def _one(self, column: str) -> Any:
        return self._connection.execute(f"SELECT {column} FROM position").get


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
