"""The two places of a move as one worker has them open; a part of the composition root."""

from __future__ import annotations

from typing import cast

from tenfold.current_database import CurrentDatabase
from tenfold.databases import Database, database_of
from tenfold.moves import Copier, Place, at, place_of
from tenfold.settings import Settings
from tenfold.store.copying import CopyStore
from tenfold.upkeep import Upkeep


class WorkerSides:
    """See `tenfold.moves.agent.Sides`."""

    def __init__(self, settings: Settings, database: CurrentDatabase, upkeep: Upkeep) -> None:
        self._settings = settings
        self._database = database
        self._upkeep = upkeep
        self._other: Database | None = None
        self.place = place_of(settings)

    @property
    def is_held(self) -> bool:
        return self._database.is_held

    async def prepare(self, other: Place) -> None:
        await self.leave_other()
        database = database_of(at(self._settings, other))
        await database.store.open()
        self._other = database

    async def hold(self) -> None:
        await self._database.hold()

    def release(self) -> None:
        self._database.release()

    async def exchange(self, place: Place) -> None:
        if self._other is None:
            await self.prepare(place)
        assert self._other is not None
        self._other = self._database.exchange(self._other)
        self.place = place

    def keep_files_at(self, other: Place | None) -> None:
        self._upkeep.use_places(self.place.blobs, other.blobs if other else None)

    def copier(self) -> Copier | None:
        if self._other is None:
            return None
        # Both databases are made by `database_of`, whose stores can be copied.
        source = cast(CopyStore, self._database.now.store)
        return Copier(source, cast(CopyStore, self._other.store))

    async def leave_other(self) -> None:
        other, self._other = self._other, None
        if other is not None:
            await other.store.close()
