"""The stage `split`: the same work on SQLite, on MariaDB, and by a bare loop on that MariaDB.

Nothing is answered from memory here: the service's cache is too small to hold anything. The bare
loop runs the same statement on as many connections, in one Python process on the same core, with
no HTTP, no rules and no change log around it.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncmy  # pyright: ignore[reportMissingTypeStubs]
import psutil
from rich.table import Table

from bench import wrk
from bench.dataset import GROUP_SIZE, TEXT_BYTES, make, record_id
from bench.rest import cpu_s, until_at_rest
from bench.screen import console
from tests.engines.mariadb import PASSWORD, USER, MariaDB, running
from tests.targets import Tenfold

CONNECTIONS = 32
NO_CACHE_BYTES = 64 << 10
DATABASE_SETTINGS = "innodb_buffer_pool_size=1G"
BARE_TABLE = "bare"
MICRO = 1e6


@dataclass
class Row:
    """The rounds of one work, in requests or statements a second."""

    name: str
    goal: float | None
    """The share of the bare loop that is aimed at."""

    sqlite: list[float] = field(default_factory=list[float])
    mariadb: list[float] = field(default_factory=list[float])
    bare: list[float] = field(default_factory=list[float])
    service_us: list[float] = field(default_factory=list[float])
    database_us: list[float] = field(default_factory=list[float])
    errors: int = 0


def measure(folder: Path, records: int, seconds: int, rounds: int) -> list[Row]:
    """Measure every work on data of its own."""
    with running(folder / "mariadb", DATABASE_SETTINGS) as database, _without_cache():
        with console.status(f"making {records:,} records, twice"):
            near = make(folder / "data", records).tenfold_dir
            far = folder / "far" / "tenfold"
            shutil.copytree(near, far)
            url = database.url(database.new_database())
            command = [Tenfold.program(), "grow", "split", "--store", url, "--dir", str(far)]
            subprocess.run(command, check=True, capture_output=True)
        with Tenfold(near, core=0) as sqlite, Tenfold(far, core=0) as mariadb:
            return _Works(sqlite, mariadb, database, url, records, seconds, rounds).run()


class _Works:
    def __init__(
        self,
        sqlite: Tenfold,
        mariadb: Tenfold,
        database: MariaDB,
        url: str,
        records: int,
        seconds: int,
        rounds: int,
    ) -> None:
        self._sqlite, self._mariadb, self._database = sqlite, mariadb, database
        self._schema = url.rpartition("/")[2]
        self._records, self._seconds, self._rounds = records, seconds, rounds

    def run(self) -> list[Row]:
        table = self._posts_table()
        names = "id, title, body, `group`, owner, created, updated, _rev"
        self._database.query(f"create table {BARE_TABLE} like `{table}`", self._schema)
        view = f"SELECT {names} FROM `{table}` WHERE id = %s"
        create = (
            f"INSERT INTO {BARE_TABLE} ({names})"
            " VALUES (%s, 'created', %s, -1, '', '2026-01-01', '2026-01-01', 1)"
        )
        text = "x" * TEXT_BYTES
        return [
            self._row(
                Row("view by id", 0.6),
                "view.lua",
                ["posts", str(self._records)],
                lambda: (view, (record_id(random.randrange(self._records)),)),
            ),
            self._row(
                Row("list 30, random indexed filter", None),
                "filter.lua",
                ["posts", str(self._records // GROUP_SIZE)],
                lambda: (
                    f"SELECT {names} FROM `{table}` WHERE `group` = %s LIMIT 30",
                    (random.randrange(self._records // GROUP_SIZE),),
                ),
            ),
            self._row(
                Row("create 1 KB, durable", 0.5),
                "create.lua",
                ["posts"],
                lambda: (create, (f"{random.getrandbits(60):015x}", text)),
            ),
        ]

    def _row(
        self, row: Row, script: str, arguments: list[str], statement: Callable[[], Any]
    ) -> Row:
        for number in range(self._rounds):
            console.print(f"[dim]split: {row.name}, round {number + 1}[/dim]")
            for server, results in ((self._sqlite, row.sqlite), (self._mariadb, row.mariadb)):
                until_at_rest(self._sqlite, self._mariadb)
                service, database = cpu_s((server,)), self._database_cpu_s()
                report = wrk.run(
                    server.url,
                    script,
                    arguments,
                    seconds=self._seconds,
                    connections=CONNECTIONS,
                    core=1,
                )
                results.append(report.per_s)
                row.errors += report.errors
                if server is self._mariadb:
                    done = report.per_s * self._seconds
                    row.service_us.append((cpu_s((server,)) - service) / done * MICRO)
                    row.database_us.append((self._database_cpu_s() - database) / done * MICRO)
            until_at_rest(self._sqlite, self._mariadb)
            row.bare.append(asyncio.run(self._bare(statement)))
        return row

    async def _bare(self, statement: Callable[[], Any]) -> float:
        """Statements a second of a bare loop."""
        os.sched_setaffinity(0, {0})
        try:
            ends_at = time.monotonic() + self._seconds
            counts = await asyncio.gather(
                *(self._bare_connection(statement, ends_at) for _ in range(CONNECTIONS))
            )
            return sum(counts) / self._seconds
        finally:
            os.sched_setaffinity(0, range(os.cpu_count() or 1))

    async def _bare_connection(self, statement: Callable[[], Any], ends_at: float) -> int:
        connection: Any = await asyncmy.connect(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            host="127.0.0.1",
            port=self._database.port,
            user=USER,
            password=PASSWORD,
            database=self._schema,
            autocommit=True,
        )
        count = 0
        try:
            async with connection.cursor() as cursor:
                while time.monotonic() < ends_at:
                    await cursor.execute(*statement())
                    await cursor.fetchall()
                    count += 1
        finally:
            connection.close()
        return count

    def _database_cpu_s(self) -> float:
        assert self._database.process is not None
        times = psutil.Process(self._database.process.pid).cpu_times()
        return times.user + times.system

    def _posts_table(self) -> str:
        sql = (
            "select table_name from information_schema.columns where table_schema = database()"
            " and column_name = 'group'"
        )
        return self._database.query(sql, self._schema)[0][0]


@contextmanager
def _without_cache() -> Generator[None]:
    """Servers that start within the block remember nothing."""
    name = "TENFOLD_CACHE_BYTES"
    before = os.environ.get(name)
    os.environ[name] = str(NO_CACHE_BYTES)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def table(rows: list[Row]) -> Table:
    """The rows for people."""
    shown = Table(title="stage split, no cache: one worker on a core, the generator on another")
    shown.add_column("work")
    for column in ("SQLite/s", "MariaDB/s", "bare loop/s", "of SQLite", "of the bare loop", "goal"):
        shown.add_column(column, justify="right")
    for column in ("service CPU us", "database CPU us", "errors"):
        shown.add_column(column, justify="right")
    for row in rows:
        sqlite, mariadb, bare = (statistics.median(r) for r in (row.sqlite, row.mariadb, row.bare))
        shown.add_row(
            row.name,
            *(f"{rate:,.0f}" for rate in (sqlite, mariadb, bare)),
            f"{mariadb / sqlite:.0%}",
            f"{mariadb / bare:.0%}",
            f"{row.goal:.0%}" if row.goal else "",
            f"{statistics.median(row.service_us):.0f}",
            f"{statistics.median(row.database_us):.0f}",
            str(row.errors),
        )
    return shown
