"""`tenfold migrate`: bring a data folder to this version."""

from __future__ import annotations

import asyncio

from tenfold.cli.console import out
from tenfold.cli.options import Config, Dir, load_settings, open_store


def migrate(*, dir: Dir = None, config: Config = None) -> None:
    """Bring the data folder to this version of Tenfold.

    `tenfold serve` does so by itself; use it to do the work before a start. Safe to repeat.

    For example: tenfold migrate --dir /srv/tenfold_data
    """
    settings = load_settings(dir, config)

    async def work() -> int:
        async with open_store(settings) as store:
            return len(store.catalog.collections)

    count = asyncio.run(work())
    out.print(f"{settings.dir} is up to date: {count} collections.")
