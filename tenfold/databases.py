"""The database that the settings name; a part of the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tenfold.jobs import JobStore
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record
from tenfold.settings import SQLITE, Settings, SettingsError
from tenfold.store.console import Console
from tenfold.store.contract import Store
from tenfold.store.figures import StoreFigures


class ServiceStore(Store, Protocol):
    """A store with what a running service asks of it beside the contract."""

    @property
    def known_catalog(self) -> Catalog:
        """The collections as of the last poll."""
        ...

    def is_current(self) -> bool:
        """Whether every commit so far has been told of; may be asked from any thread."""
        ...

    def find_now(self, collection: Collection, record_id: str) -> Record | None:
        """A record, where it can be read at once; None elsewhere."""
        ...

    def find_beside(self, collection: Collection, record_id: str) -> Record | None:
        """`find_now` for one thread beside the event loop, always the same one."""
        ...

    async def optimize(self) -> None:
        """Daily care."""
        ...

    @property
    def figures(self) -> StoreFigures:
        """What it counts."""
        ...

    @property
    def waiting_writes(self) -> int:
        """Writes that wait for their group."""
        ...

    def explain(self, sql: str, params: int) -> list[str]:
        """How the database would run a statement; empty when it can't be said at once."""
        ...


@dataclass(frozen=True, slots=True)
class Database:
    """A database, not yet open, and what else lies in it.

    `is_near`: a record is read from it in microseconds, without a round trip.
    """

    store: ServiceStore
    jobs: JobStore
    console: Console
    is_near: bool


def database_of(settings: Settings) -> Database:
    """The database of the setting `store`. Raises: SettingsError."""
    return _sqlite(settings) if settings.store == SQLITE else _mariadb(settings)


def _sqlite(settings: Settings) -> Database:
    from tenfold.store.sqlite import SqliteStore
    from tenfold.store.sqlite_console import SqliteConsole
    from tenfold.store.sqlite_jobs import SqliteJobs

    store = SqliteStore(settings.dir, settings.query_timeout_s)
    return Database(store, SqliteJobs(store), SqliteConsole(store, settings.dir), is_near=True)


def _mariadb(settings: Settings) -> Database:
    # The driver is loaded only where it is used.
    from tenfold.store.mariadb import MariadbStore
    from tenfold.store.mariadb_console import MariadbConsole
    from tenfold.store.mariadb_jobs import MariadbJobs
    from tenfold.store.mariadb_location import MariadbLocation

    try:
        location = MariadbLocation.parse(settings.store, settings.store_password)
    except ValueError as error:
        raise SettingsError([f"store must be {error}"]) from None
    store = MariadbStore(location, settings.dir, settings.query_timeout_s)
    return Database(store, MariadbJobs(store), MariadbConsole(store), is_near=False)
