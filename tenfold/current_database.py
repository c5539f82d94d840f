"""The database in use now, for everything that keeps hold of it; it can be exchanged.

A part of the composition root. Reads go on while it is exchanged: one that began on the old
database ends there. Writes are held meanwhile and go to the new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from tenfold.databases import Database, ServiceStore
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record
from tenfold.store.console import Outcome
from tenfold.store.contract import Change, Reads, Transaction
from tenfold.store.figures import StoreFigures
from tenfold.store.jobs import DeadJob, Job
from tenfold.store.select import Condition, Query
from tenfold.store.sqlite import GAP

T = TypeVar("T")


class CurrentDatabase:
    """Exchanges what `store`, `jobs` and `console` stand for."""

    def __init__(self, first: Database) -> None:
        self.now = first
        self._open = asyncio.Event()
        self._open.set()
        self.store = CurrentStore(self)
        self.jobs = CurrentJobs(self)
        self.console = CurrentConsole(self)

    async def hold(self) -> None:
        """Let no write begin any more; return once those under way are done."""
        self._open.clear()
        await self.now.store.write(_nothing)

    @property
    def is_held(self) -> bool:
        """Whether writes wait."""
        return not self._open.is_set()

    def release(self) -> None:
        """Let the writes that wait go on, and those that come."""
        self._open.set()

    def exchange(self, other: Database) -> Database:
        """Use another database, which is open, from now on; the one used before."""
        before, self.now = self.now, other
        self.store.moved()
        return before

    async def turn(self) -> None:
        """Wait while writes are held; not inside a write, which must come to its end."""
        if self.is_held and self.now.store.current() is self.now.store:
            await self._open.wait()


async def _nothing(tx: Transaction) -> None: ...


class CurrentStore:
    """A `ServiceStore`: the one in use now."""

    def __init__(self, database: CurrentDatabase) -> None:
        self._database = database
        self._listeners: list[Callable[[Change], None]] = []
        self._heard: list[ServiceStore] = []

    @property
    def _now(self) -> ServiceStore:
        return self._database.now.store

    def moved(self) -> None:
        """Another store is in use: what was remembered of the last one is void."""
        self._hear(self._now)
        self._tell(self._now, GAP)

    def listen(self, listener: Callable[[Change], None]) -> None:
        self._hear(self._now)
        self._listeners.append(listener)

    def _hear(self, store: ServiceStore) -> None:
        if not any(known is store for known in self._heard):
            self._heard.append(store)
            store.listen(lambda change: self._tell(store, change))

    def _tell(self, store: ServiceStore, change: Change) -> None:
        # The database that is only kept current tells of the same changes again.
        if store is self._now:
            for listener in self._listeners:
                listener(change)

    # --- its life ---

    async def open(self) -> None:
        await self._now.open()

    async def close(self) -> None:
        await self._now.close()

    # --- reads ---

    @property
    def catalog(self) -> Catalog:
        return self._now.catalog

    @property
    def known_catalog(self) -> Catalog:
        return self._now.known_catalog

    def poll(self) -> None:
        self._now.poll()

    def is_current(self) -> bool:
        return self._now.is_current()

    def find_now(self, collection: Collection, record_id: str) -> Record | None:
        return self._now.find_now(collection, record_id)

    def find_beside(self, collection: Collection, record_id: str) -> Record | None:
        return self._now.find_beside(collection, record_id)

    async def find(self, collection: Collection, record_id: str) -> Record | None:
        return await self._now.find(collection, record_id)

    async def find_many(self, collection: Collection, ids: Sequence[str]) -> dict[str, Record]:
        return await self._now.find_many(collection, ids)

    async def find_by(
        self, collection: Collection, equals: dict[str, Any], *, ignore_case: bool = False
    ) -> list[Record]:
        return await self._now.find_by(collection, equals, ignore_case=ignore_case)

    async def select(self, query: Query) -> list[Record]:
        return await self._now.select(query)

    async def count(self, query: Query) -> int:
        return await self._now.count(query)

    async def holds(self, condition: Condition, record: Record) -> bool:
        return await self._now.holds(condition, record)

    async def param(self, key: str) -> str | None:
        return await self._now.param(key)

    async def changes(self, after_seq: int, limit: int) -> list[Change]:
        return await self._now.changes(after_seq, limit)

    async def last_seq(self) -> int:
        return await self._now.last_seq()

    def current(self) -> Reads:
        now = self._now
        found = now.current()
        return self if found is now else found

    # --- writes ---

    async def write(
        self, work: Callable[[Transaction], Awaitable[T]], *, is_single: bool = False
    ) -> T:
        await self._database.turn()
        return await self._now.write(work, is_single=is_single)

    async def optimize(self) -> None:
        await self._database.turn()
        await self._now.optimize()

    # --- figures ---

    @property
    def figures(self) -> StoreFigures:
        return self._now.figures

    @property
    def waiting_writes(self) -> int:
        return self._now.waiting_writes

    def explain(self, sql: str, params: int) -> list[str]:
        return self._now.explain(sql, params)


class CurrentJobs:
    """A `JobStore`: the one in use now."""

    def __init__(self, database: CurrentDatabase) -> None:
        self._database = database

    async def enqueue(
        self,
        name: str,
        payload: Any,
        *,
        key: str,
        run_at: float | None,
        attempts: int,
        then: Callable[[], None],
    ) -> str:
        await self._database.turn()
        return await self._database.now.jobs.enqueue(
            name, payload, key=key, run_at=run_at, attempts=attempts, then=then
        )

    async def claim(self, limits: Mapping[str, int], lease_s: float, count: int) -> list[Job]:
        await self._database.turn()
        return await self._database.now.jobs.claim(limits, lease_s, count)

    async def renew(self, jobs: list[Job], lease_s: float) -> set[str]:
        await self._database.turn()
        return await self._database.now.jobs.renew(jobs, lease_s)

    async def finish(self, job: Job) -> None:
        await self._database.turn()
        await self._database.now.jobs.finish(job)

    async def fail(self, job: Job, error: str, retry_after_s: float | None) -> None:
        await self._database.turn()
        await self._database.now.jobs.fail(job, error, retry_after_s)

    async def due_in(self, names: list[str]) -> float | None:
        return await self._database.now.jobs.due_in(names)

    async def dead(self, limit: int) -> list[DeadJob]:
        return await self._database.now.jobs.dead(limit)

    async def revive(self, job_id: str) -> bool:
        await self._database.turn()
        return await self._database.now.jobs.revive(job_id)

    async def claim_slot(self, cron_id: str, minute: int) -> bool:
        await self._database.turn()
        return await self._database.now.jobs.claim_slot(cron_id, minute)


class CurrentConsole:
    """A `Console`: the one in use now."""

    def __init__(self, database: CurrentDatabase) -> None:
        self._database = database

    async def run(self, query: str) -> Outcome:
        await self._database.turn()
        return await self._database.now.console.run(query)
