"""MariaDB: the database."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pwd
import shutil
import ssl
import subprocess
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncmy  # pyright: ignore[reportMissingTypeStubs]
from asyncmy.errors import Error  # pyright: ignore[reportMissingTypeStubs]

from tenfold.engines.contract import Command, Limits, Node, Program, Unhealthy
from tenfold.engines.mariadb_keys import LOG_KEY, make_keys, newest_key
from tenfold.engines.secret_texts import password
from tenfold.errors import OperatorError

SCHEMA = "tenfold"
SERVICE_USER, PROBE_USER, ROOT = "tenfold", "tenfold_probe", "root"
SERVICE_PASSWORD, PROBE_PASSWORD = "database_service", "database_probe"
ROOT_PASSWORD, KEYS = "database_root", "database_keys"
PROBE_LIMIT_S = 3.0
INSTALL_LIMIT_S = 120.0

_DEBIAN = "apt-get install -y --no-install-recommends mariadb-server"

# Users may come from anywhere: who reaches the port at all is the firewall's affair, and each
# needs TLS and a password of 192 bits.
_USERS = """\
delete from mysql.global_priv where User='root' and Host<>'localhost';
delete from mysql.global_priv where User='';
flush privileges;
alter user root@localhost identified by password '{root}';
create database if not exists `{schema}` character set utf8mb4 collate utf8mb4_bin;
create user if not exists {service_user}@'%' identified by password '{service}' require ssl;
alter user {service_user}@'%' identified by password '{service}' require ssl;
grant all privileges on `{schema}`.* to {service_user}@'%';
create user if not exists {probe_user}@'%' identified by password '{probe}' require ssl;
alter user {probe_user}@'%' identified by password '{probe}' require ssl;
"""

_CONFIGURATION = """\
[mysqld]
user={user}
datadir={folder}/data
tmpdir={folder}/tmp
init-file={folder}/users.sql
pid-file=mariadb.pid
# Relative to the data: a path of more than 107 characters can't be a socket.
socket=mariadb.sock
bind-address={address}
port={port}
server-id=1
skip-name-resolve
character-set-server=utf8mb4
collation-server=utf8mb4_bin
default-storage-engine=InnoDB
local-infile=0
secure-file-priv={folder}/none
symbolic-links=0
max-connections={connections}
max-allowed-packet=64M
performance-schema=0

# What is acknowledged is on the disk.
innodb-flush-log-at-trx-commit=1
sync-binlog=1
innodb-buffer-pool-size={buffer_pool}
innodb-log-file-size={redo_log}
log-bin=binlog
binlog-format=ROW
max-binlog-size=128M
binlog-expire-logs-seconds=259200

# Nobody speaks to it in the clear.
ssl-ca={ca}
ssl-cert={certificate}
ssl-key={key}
tls-version=TLSv1.2,TLSv1.3
require-secure-transport=1

# Nothing readable on the disk.
plugin-load-add=file_key_management
file-key-management-filename={keys}
file-key-management-encryption-algorithm=AES_CTR
innodb-encrypt-tables=FORCE
innodb-default-encryption-key-id={table_key}
innodb-encrypt-log=1
innodb-encrypt-temporary-tables=1
innodb-encryption-threads=1
encrypt-binlog=1
encrypt-tmp-files=1
encrypt-tmp-disk-tables=1
aria-encrypt-tables=1
"""

# The system tablespace stays with the key of the logs.
_TABLES_OF_OTHER_KEYS = """\
select name from information_schema.innodb_tablespaces_encryption
where current_key_id <> %s and name like '%%/%%' and name not like '%%#%%'
"""
_TABLES_LEFT_BEHIND = f"{_TABLES_OF_OTHER_KEYS} and current_key_id <> {LOG_KEY}"


class MariaDB:
    """MariaDB 10.11 from Debian, one server."""

    programs = (Program("mariadbd", _DEBIAN), Program("mariadb-install-db", _DEBIAN))
    has_certificate = True
    # After a crash it may read its log for long: killing it then would only begin that anew.
    limits = Limits(start_s=3600, sick_s=60, stop_s=60)
    secrets: Mapping[str, Callable[[], str]] = {
        SERVICE_PASSWORD: password,
        PROBE_PASSWORD: password,
        ROOT_PASSWORD: password,
        KEYS: make_keys,
    }

    def render(self, node: Node) -> Mapping[str, str]:
        return {"my.cnf": _configuration(node), "users.sql": _users(node)}

    def prepare(self, node: Node) -> None:
        for name in ("tmp", "none"):
            (node.folder / name).mkdir(mode=0o700, exist_ok=True)
        if not (node.folder / "data").exists():
            self._install(node)

    def command(self, node: Node) -> Command:
        return Command((self.programs[0].path(), f"--defaults-file={node.folder}/my.cnf"))

    async def settle(self, node: Node) -> None:
        """Nothing to do: its users are made by users.sql before it listens."""

    async def probe(self, node: Node) -> None:
        try:
            async with asyncio.timeout(PROBE_LIMIT_S):
                async with _as_prober(node) as connection, connection.cursor() as cursor:
                    await cursor.execute("select 1")
        except (OSError, Error, TimeoutError) as error:
            raise Unhealthy(f"no login: {_reason(error)}") from error

    def tidy(self, node: Node) -> None:
        """Nothing to do: all it makes lies in its folder."""

    def _install(self, node: Node) -> None:
        incoming = node.folder / "data.new"
        shutil.rmtree(incoming, ignore_errors=True)
        command = [
            self.programs[1].path(),
            "--no-defaults",
            f"--user={_owner()}",
            f"--datadir={incoming}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        done = subprocess.run(command, capture_output=True, timeout=INSTALL_LIMIT_S, text=True)
        if done.returncode:
            raise OperatorError(f"mariadb-install-db failed: {done.stderr.strip()[-500:]}")
        incoming.replace(node.folder / "data")


async def is_half_moved(node: Node, key: int) -> bool:
    """Whether a rotation to the key of this number was cut short.

    (What MariaDB's own installation made has the key of the logs until the first rotation.)
    """
    async with _as_root(node) as connection, connection.cursor() as cursor:
        await cursor.execute(_TABLES_LEFT_BEHIND, (key,))
        return bool(await cursor.fetchall())


async def move_tables(node: Node, key: int, done: Callable[[int, int], None]) -> int:
    """Rewrite the tables that are not encrypted with the key of this number; how many.

    It runs on the host of the database, which must have been started with the key. Safe to
    repeat. Each table can be read but not written while it is rewritten; `done` hears how many
    of how many are.
    """
    async with _as_root(node) as connection, connection.cursor() as cursor:
        await cursor.execute(_TABLES_OF_OTHER_KEYS, (key,))
        names = [row[0] for row in await cursor.fetchall()]
        for number, name in enumerate(names, 1):
            schema, _, table = name.partition("/")
            await cursor.execute(f"alter table `{schema}`.`{table}` encryption_key_id={key}")
            done(number, len(names))
    return len(names)


def _configuration(node: Node) -> str:
    return _CONFIGURATION.format(
        user=_owner(),
        folder=node.folder,
        address=node.endpoint.address,
        port=node.endpoint.port,
        connections=node.options.get("connections", "300"),
        buffer_pool=node.options.get("buffer_pool", "128M"),
        redo_log=node.options.get("redo_log", "128M"),
        ca=node.tls.ca,
        certificate=node.tls.certificate,
        key=node.tls.key,
        keys=node.secrets / KEYS,
        table_key=newest_key(node.secret(KEYS)),
    )


def _users(node: Node) -> str:
    return _USERS.format(
        schema=SCHEMA,
        service_user=SERVICE_USER,
        probe_user=PROBE_USER,
        root=_hashed(node.secret(ROOT_PASSWORD)),
        service=_hashed(node.secret(SERVICE_PASSWORD)),
        probe=_hashed(node.secret(PROBE_PASSWORD)),
    )


def _hashed(text: str) -> str:
    """What mysql_native_password keeps of a password."""
    once = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()


def _owner() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


@asynccontextmanager
async def _as_prober(node: Node) -> AsyncGenerator[Any]:
    async with _connected(
        host=node.endpoint.address,
        port=node.endpoint.port,
        user=PROBE_USER,
        password=node.secret(PROBE_PASSWORD),
        ssl=ssl.create_default_context(cafile=str(node.tls.ca)),
    ) as connection:
        yield connection


@asynccontextmanager
async def _as_root(node: Node) -> AsyncGenerator[Any]:
    # A socket's path must be short; by way of a descriptor any folder's is.
    folder = os.open(node.folder / "data", os.O_PATH | os.O_DIRECTORY)
    try:
        async with _connected(
            unix_socket=f"/proc/self/fd/{folder}/mariadb.sock",
            user=ROOT,
            password=node.secret(ROOT_PASSWORD),
        ) as connection:
            yield connection
    except Error as error:
        raise OperatorError(f"the database refuses: {_reason(error)}") from error
    finally:
        os.close(folder)


@asynccontextmanager
async def _connected(**options: Any) -> AsyncGenerator[Any]:
    connection: Any = await asyncmy.connect(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        **options, autocommit=True, connect_timeout=int(PROBE_LIMIT_S)
    )
    try:
        yield connection
    finally:
        connection.close()


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
