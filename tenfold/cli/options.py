"""The flags that several commands share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tenfold.errors import OperatorError
from tenfold.moves import placed, staying
from tenfold.settings import SQLITE, Settings, load
from tenfold.store.contract import Store
from tenfold.telemetry import configure_logging

if TYPE_CHECKING:
    from tenfold.databases import Database

Dir = Annotated[
    Path | None,
    Parameter(name="--dir", help="The data folder. [default: tenfold_data]", negative=()),
]
Config = Annotated[
    Path | None,
    Parameter(
        name="--config",
        help="The settings file. [default: tenfold.toml beside the data folder]",
        negative=(),
    ),
]


def load_settings(dir: Path | None, config: Path | None, **flags: object) -> Settings:
    """Read the boot settings and set up the log. Raises: SettingsError."""
    settings = placed(load({"dir": dir, **flags}, file=config))
    configure_logging(settings.log_level, settings.log_format)
    return settings


def check_there(settings: Settings) -> None:
    """Raises: OperatorError when the data folder holds no data."""
    if settings.store == SQLITE and not (settings.dir / "data.db").is_file():
        raise OperatorError(
            f"{settings.dir} holds no data of Tenfold",
            hint="name the data folder with --dir; tenfold serve makes a new one",
        )


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncGenerator[Store, None]:
    """The data of a folder, opened beside a service that may be running, closed at the end.

    A move that is under way waits for that.
    """
    async with open_database(settings) as database:
        yield database.store


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncGenerator[Database, None]:
    """As `open_store`, with what else lies in the database."""
    with staying(settings) as there:
        async with opened(there) as database:
            yield database


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Database, None]:
    """The database that settings name, whatever else goes on."""
    from tenfold.databases import database_of

    database = database_of(settings)
    await database.store.open()
    try:
        yield database
    finally:
        await database.store.close()
