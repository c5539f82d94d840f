"""The keys that MariaDB encrypts with at rest: made, added, and moved to.

MariaDB's file key management knows keys by number and has no versions: a table is moved to a
new key by rewriting it. Number 1 stays with what can't be moved (redo log, binlog, system
tables), number 2 with temporary files; tables take the newest from 3 on.
"""

from __future__ import annotations

import os
from pathlib import Path

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
    incoming = path.with_name(f".{path.name}.new")
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{text}\n{_line(number)}\n")
        file.flush()
        os.fsync(file.fileno())
    incoming.replace(path)
    return number


def _line(number: int) -> str:
    return f"{number};{key_256()}"
