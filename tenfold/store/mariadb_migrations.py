"""Bring a MariaDB database to the tables that this version of Tenfold needs."""

from __future__ import annotations

from importlib.resources import files

from tenfold.errors import OperatorError, Unavailable
from tenfold.store.mariadb_connection import MariadbConnection, collation_of

LOCK_S = 30
VERSION_TABLE = (
    "CREATE TABLE IF NOT EXISTS _migrations (name VARCHAR(255) NOT NULL PRIMARY KEY)"
    " ENGINE=InnoDB CHARACTER SET utf8mb4"
)


async def migrate(connection: MariadbConnection) -> list[str]:
    """Apply the migrations that are missing, in order; return their names.

    Safe to call from several processes at once: the first one does the work. A migration that
    was cut short runs again as a whole, so that each of its statements must bear that.
    Raises: OperatorError when a newer Tenfold has written the database.
    """
    lock = "CONCAT('tenfold migrates ', LEFT(DATABASE(), 40))"
    (got,) = await connection.rows(f"SELECT GET_LOCK({lock}, {LOCK_S})", (), LOCK_S + 5)
    if got[0] != 1:
        raise Unavailable("Another process is changing the database's tables.")
    try:
        return await _migrate(connection)
    finally:
        await connection.rows(f"SELECT RELEASE_LOCK({lock})")


async def _migrate(connection: MariadbConnection) -> list[str]:
    scripts = {
        entry.name: entry.read_text()
        for entry in files("tenfold.store").joinpath("sql/mariadb").iterdir()
        if entry.name.endswith(".sql")
    }
    await connection.rows(VERSION_TABLE)
    done = {name for (name,) in await connection.rows("SELECT name FROM _migrations")}
    if done - scripts.keys():
        raise OperatorError(
            f"The data was written by a newer Tenfold ({max(done - scripts.keys())}).",
            hint="Update Tenfold.",
        )
    missing = sorted(scripts.keys() - done)
    for name in missing:
        for statement in _statements(scripts[name]):
            collation = collation_of(connection.flavour)
            await connection.rows(statement.replace("{collation}", collation))
        await connection.rows("INSERT INTO _migrations (name) VALUES (?)", (name,))
    return missing


def _statements(script: str) -> list[str]:
    """The statements of a script; a line that ends with a semicolon ends one."""
    lines = [line.partition("--")[0].rstrip() for line in script.splitlines()]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" ;\n")]
