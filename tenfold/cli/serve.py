"""`tenfold serve`: start the service."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tenfold.administration import SettingsRoom, Superusers
from tenfold.cli.console import out
from tenfold.cli.options import Config, Dir, load_settings, open_store
from tenfold.settings import Settings


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
    from tenfold.api.server import listen
    from tenfold.api.server import serve as run
    from tenfold.app import build_app

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
    listener = listen(settings.host, settings.port)
    address = _address(listener)
    installer_token = asyncio.run(_prepare(settings))
    run(
        partial(build_app, settings),
        listener,
        workers=settings.worker_count,
        stop_limit_s=settings.stop_timeout_s,
        on_ready=partial(_greet, settings, address, installer_token),
    )


async def _prepare(settings: Settings) -> str:
    """Make or migrate the data; a token for the installer when nobody could sign in."""
    async with open_store(settings) as store:
        room = SettingsRoom(store, settings.encryption_key)
        await room.open()
        superusers = Superusers(store)
        if await superusers.exist():
            return ""
        return superusers.installer_token(await superusers.installer())


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(settings: Settings, address: str, installer_token: str) -> None:
    out.print(f"[bold]Tenfold listens on {address}[/]")
    out.print(f"  REST API   {address}/api/")
    out.print(f"  Dashboard  {address}/_/")
    out.print(f"  Data       {settings.dir}")
    out.print(f"  Workers    {settings.worker_count}")
    if installer_token:
        out.print("\nThere is no superuser yet. Open this link, good for 30 minutes, to make one:")
        out.print(f"  {address}/_/#/pbinstall/{installer_token}")
        out.print("or run: tenfold superuser upsert EMAIL PASSWORD")
