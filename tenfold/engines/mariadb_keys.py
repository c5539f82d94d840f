"""The keys that MariaDB encrypts with at rest: made, added, and moved to.

MariaDB's file key management knows keys by number and has no versions: a table is moved to a
new key by rewriting it. Number 1 stays with what can't be moved (redo log, binlog, system
tables), number 2 with temporary files; tables take the newest from 3 on.
"""

from __future__ import annotations

from pathlib import Path

from tenfold.durable import replace_private
from tenfold.engines.secret_texts import key_256

LOG_KEY, TEMPORARY_KEY, FIRST_TABLE_KEY = 1, 2, 3
MOST_KEYS = 255


def make_keys() -> str:
    """The text of a first key file."""
    return "\n".join(_line(n) for n in (LOG_KEY, TEMPORARY_KEY, FIRST_TABLE_KEY))


def newest_key(text: str) -> int:
    """The number that tables are encrypted with."""
    return max(int(line.partition(";")[0]) for line in text.splitlines() if line.strip())


def add_key(path: Path) -> int:
    """Append a key to a key file, durably; its number. Tables use it after a restart."""
    text = path.read_text().strip()
    number = newest_key(text) + 1
    if number > MOST_KEYS:
        raise ValueError(f"no more than {MOST_KEYS} keys")
    replace_private(path, f"{text}\n{_line(number)}\n".encode())
    return number


def _line(number: int) -> str:
    return f"{number};{key_256()}"
