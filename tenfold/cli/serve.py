"""`tenfold serve`: start the service."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import socket
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape

from tenfold.administration import SettingsRoom, Superusers
from tenfold.auth import tokens
from tenfold.backups import FolderUse, apply_pending_restore, is_restore_pending
from tenfold.cli.console import err, out
from tenfold.cli.options import Config, Dir, load_settings, open_store
from tenfold.settings import Settings

CLOCK_TICK_S = 0.05
OTHERS_LEAVE_S = 30.0
INSTALLER_LIVES_S = 1_800.0


def serve(
    *,
    dir: Dir = None,
    http: Annotated[
        str | None, Parameter(help="Address and port to listen on. [default: 127.0.0.1:8090]")
    ] = None,
    workers: Annotated[
        int | None, Parameter(help="Worker processes; 0 is one per core. [default: 0]")
    ] = None,
    hooks_dir: Annotated[
        Path | None, Parameter(help="Python hooks. [default: hooks/ beside the data]")
    ] = None,
    public_dir: Annotated[
        Path | None, Parameter(help="Static files. [default: public/ beside the data]")
    ] = None,
    origins: Annotated[
        str | None, Parameter(help="Origins browsers may call from, comma separated. [default: *]")
    ] = None,
    log_level: Annotated[
        str | None, Parameter(help="debug, info, warning or error. [default: info]")
    ] = None,
    log_format: Annotated[str | None, Parameter(help="text or json. [default: text]")] = None,
    config: Config = None,
) -> None:
    """Start the service and print where it listens and where the data lies.

    Flags win over TENFOLD_* variables, those over tenfold.toml; docs/settings.md lists every
    setting. SIGTERM and Ctrl-C stop it once the running requests are answered.

    For example:

        tenfold serve
        tenfold serve --dir /srv/tenfold_data --http 0.0.0.0:8090 --workers 4
        TENFOLD_LOG_FORMAT=json tenfold serve
    """
    from tenfold.adapters import check_places
    from tenfold.api.server import listen
    from tenfold.api.server import serve as run
    from tenfold.app import build_app
    from tenfold.telemetry.board import Board

    settings = load_settings(
        dir,
        config,
        http=http,
        workers=workers,
        hooks_dir=hooks_dir,
        public_dir=public_dir,
        origins=origins,
        log_level=log_level,
        log_format=log_format,
    )
    check_places(settings)
    listener = listen(settings.host, settings.port)
    address = _address(listener)
    started_at = _take_folder(settings.dir)
    installer_token = asyncio.run(_prepare(settings))
    run(
        partial(build_app, settings, started_at, board=Board(settings.worker_count)),
        listener,
        workers=settings.worker_count,
        stop_limit_s=settings.stop_timeout_s,
        on_ready=partial(_greet, settings, address, installer_token),
    )
    if is_restore_pending(settings.dir):
        _start_again()


def _take_folder(folder: Path) -> float | None:
    """Carry out a restore that waits, and clear away what a crash left half done.

    When that was (seconds since 1970); None when another service is at work on the folder.
    """
    use = FolderUse(folder)
    is_alone = use.try_alone(OTHERS_LEAVE_S if is_restore_pending(folder) else 0)
    if is_alone:
        restored = apply_pending_restore(folder)
        if restored:
            out.print(f"The data is that of the backup {escape(restored)} now.")
        shutil.rmtree(folder / ".uploads", ignore_errors=True)
    elif is_restore_pending(folder):
        err.print("A restore waits: it happens when no other service uses the data folder.")
    # The clock that stamps files ticks coarsely: a little earlier is surely before any new one.
    started_at = time.time() - CLOCK_TICK_S
    use.share()
    return started_at if is_alone else None


def _start_again() -> None:
    """Become the same command anew; a restore is carried out at its start."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


async def _prepare(settings: Settings) -> str:
    """Make or migrate the data; a token for the installer when nobody could sign in."""
    async with open_store(settings) as store:
        room = SettingsRoom(store, settings.encryption_key)
        await room.open()
        superusers = Superusers(store)
        if await superusers.exist():
            return ""
        installer = await superusers.installer()
        return tokens.make(
            installer, "auth", time.time(), duration_s=INSTALLER_LIVES_S, refreshable=False
        )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(settings: Settings, address: str, installer_token: str) -> None:
    out.print(f"[bold]Tenfold listens on {address}[/]")
    out.print(f"  REST API   {address}/api/")
    out.print(f"  Dashboard  {address}/_/")
    out.print(f"  Data       {escape(str(settings.dir))}")
    out.print(f"  Workers    {settings.worker_count}")
    if any(settings.hooks_folder.glob("[!_]*.py")):
        out.print(f"  Hooks      {escape(str(settings.hooks_folder))}")
    if installer_token:
        out.print("\nThere is no superuser yet. Open this link, good for 30 minutes, to make one:")
        out.print(f"  {address}/_/#/pbinstal/{installer_token}")
        command = f"tenfold superuser upsert EMAIL PASSWORD --dir {shlex.quote(str(settings.dir))}"
        out.print(f"or run: {escape(command)}")
