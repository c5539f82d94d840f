"""Which database the Tenfolds of a test run use: SQLite, or MariaDB where the run asks for it.

`TEST_STORE=mariadb pytest tests/api` runs a suite over HTTP on MariaDB: one server for
the run, and in it a database for each data folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.engines.mariadb import MariaDB

SQLITE_ONLY = "about the database file of one box"
"""Why a test is skipped on MariaDB: `pytest.mark.skipif(is_mariadb(), reason=SQLITE_ONLY)`."""

VARIABLE = "TEST_STORE"
_databases: dict[Path, str] = {}


def is_mariadb() -> bool:
    """Whether this run is about MariaDB."""
    return os.environ.get(VARIABLE) == "mariadb"


def store_environment(folder: Path) -> Mapping[str, str]:
    """The variables for a Tenfold with this data folder, beside those of the run."""
    if not is_mariadb():
        return {}
    folder = folder.absolute()
    if folder not in _databases:
        _databases[folder] = _server().url(_server().new_database())
    return {"TENFOLD_STORE": _databases[folder]}


@cache
def _server() -> MariaDB:
    folder = Path(tempfile.mkdtemp(prefix="tenfold-mariadb-"))
    server = MariaDB(folder / "server")
    server.start()

    def end() -> None:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server
