"""A real mariadbd for tests: a private data folder, a free loopback port, ended by its id.

`pytest` fixtures that need one take `running(folder)`; a machine without Debian's package
skips them loudly.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncmy  # pyright: ignore[reportMissingTypeStubs]
import pytest

from tests.targets import free_port

USER, PASSWORD, DATABASE = "tenfold", "tenfold-secret", "tenfold"
START_LIMIT_S = 40.0
STOP_LIMIT_S = 20.0

CONFIGURATION = """\
[mysqld]
{user}datadir={folder}/data
socket={folder}/m.sock
pid-file={folder}/m.pid
log-error={folder}/m.err
tmpdir={folder}/tmp
bind-address=127.0.0.1
port={port}
server-id=1
skip-name-resolve
init-file={folder}/init.sql
character-set-server=utf8mb4
innodb_buffer_pool_size=64M
innodb_log_file_size=64M
innodb_flush_log_at_trx_commit=1
log-bin=binlog
sync_binlog=1
binlog-format=ROW
performance_schema=0
max_connections=300
max_allowed_packet=64M
{more}
"""
GRANTS = """\
create user if not exists {user}@'%' identified by '{password}';
grant all on `tenfold%`.* to {user}@'%';
create database if not exists {database} character set utf8mb4;
"""


class MariaDB:
    """One server; `stop`, `kill` and `start` as often as a test likes."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._prepare(more)

    def url(self, database: str = DATABASE, **options: str) -> str:
        """What the setting `store` takes."""
        asked = "&".join(f"{key}={quote(value, safe='/')}" for key, value in options.items())
        where = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"
        return f"{where}?{asked}" if asked else where

    def new_database(self) -> str:
        """The name of an empty database that nobody else uses."""
        return asyncio.run(self.anew_database())

    async def anew_database(self) -> str:
        """`new_database` for those who have an event loop already."""
        self._databases += 1
        name = f"tenfold_{self._databases}"
        await self.aquery(f"create database {name} character set utf8mb4")
        return name

    def query(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the service's user."""
        return asyncio.run(self.aquery(sql, database))

    async def aquery(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """`query` for those who have an event loop already."""
        connection: Any = await asyncmy.connect(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            database=database,
            autocommit=True,
            connect_timeout=5,
        )
        try:
            async with connection.cursor() as cursor:
                await cursor.execute(sql)
                return list(await cursor.fetchall() or ())
        finally:
            connection.close()

    def start(self) -> None:
        """Start, and return once the service's user can log in."""
        command = [program("mariadbd"), f"--defaults-file={self.folder}/my.cnf"]
        with (self.folder / "out.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self._wait_until_ready(self.process)

    def stop(self) -> None:
        """Ask it to end, and wait for it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def freeze(self, *, is_frozen: bool) -> None:
        """Stop it in its tracks, or let it go on: connections stay open meanwhile."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP if is_frozen else signal.SIGCONT)

    def error_log(self) -> str:
        """The end of what it has complained of."""
        path = self.folder / "m.err"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _prepare(self, more: str) -> None:
        (self.folder / "tmp").mkdir(parents=True)
        is_root = os.geteuid() == 0
        texts = {"user": "user=root\n" if is_root else "", "folder": self.folder}
        configuration = CONFIGURATION.format(**texts, port=self.port, more=more)
        (self.folder / "my.cnf").write_text(configuration)
        grants = GRANTS.format(user=USER, password=PASSWORD, database=DATABASE)
        (self.folder / "init.sql").write_text(grants)
        install = [
            program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self.folder}/data",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
            *(["--user=root"] if is_root else []),
        ]
        subprocess.run(install, check=True, capture_output=True, timeout=120)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                self.query("select 1")
                return
            except (OSError, asyncmy.errors.Error):  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue, reportUnknownArgumentType]
                time.sleep(0.02)
        raise RuntimeError(f"MariaDB did not start:\n{self.error_log()}")


def program(name: str) -> str:
    """The path of one of MariaDB's programs; the test is skipped where there is none."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"NOT TESTED: {name} is missing (apt-get install mariadb-server)")
    return found


@contextmanager
def running(folder: Path, more: str = "") -> Generator[MariaDB]:
    """A server that runs until the block ends; `more` are further lines of its my.cnf."""
    server = MariaDB(folder, more)
    server.start()
    try:
        yield server
    finally:
        server.kill()
