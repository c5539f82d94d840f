"""The registry that hook files fill by its decorators, and that the service asks and fires."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tenfold.errors import OperatorError, TenfoldError
from tenfold.hooks import running
from tenfold.hooks.backend import Backend, HookRecords
from tenfold.hooks.events import (
    AuthEvent,
    EventName,
    JobEvent,
    ListEvent,
    RecordEvent,
    RecordEventName,
    RouteEvent,
    ViewEvent,
)
from tenfold.hooks.extras import CronHook, HookRoute, JobHook
from tenfold.hooks.loading import load_folder
from tenfold.hooks.running import Hook, HookThreads
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record

T = TypeVar("T")

OnRecord = TypeVar("OnRecord", bound=Callable[[RecordEvent], Awaitable[None] | None])
OnView = TypeVar("OnView", bound=Callable[[ViewEvent], Awaitable[None] | None])
OnList = TypeVar("OnList", bound=Callable[[ListEvent], Awaitable[None] | None])
OnAuth = TypeVar("OnAuth", bound=Callable[[AuthEvent], Awaitable[None] | None])
OnRoute = TypeVar("OnRoute", bound=Callable[[RouteEvent], Any])
OnCron = TypeVar("OnCron", bound=Callable[[], Awaitable[None] | None])
OnJob = TypeVar("OnJob", bound=Callable[[JobEvent], Awaitable[None] | None])

ALL = "*"
LIMIT_S = 10.0
BEFORE_LIMIT_S = 5.0
"""For hooks inside a transaction, unless they say otherwise: all other writes wait for them."""

JOB_LIMIT_S = 300.0

log = logging.getLogger("tenfold.hooks")


class HookRegistry:
    """All hooks of a service, in the order in which they were registered.

    `limit_s` is the time a hook may take unless its decorator says otherwise.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.limit_s = limit_s
        self._threads = HookThreads()
        self._backend: Backend | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.clear()

    def clear(self) -> None:
        """Forget every hook."""
        self._by_event: dict[str, dict[str, list[tuple[int, Hook]]]] = {}
        self._count = 0
        self.routes: list[HookRoute] = []
        self.crons: list[CronHook] = []
        self.jobs: list[JobHook] = []

    # --- for hook files: events ---------------------------------------------------------

    def before_create(
        self, *collections: str, limit_s: float = 0
    ) -> Callable[[OnRecord], OnRecord]:
        """Run inside the transaction, before a record is stored. No name: all collections."""
        return self._on("before_create", collections, limit_s)

    def after_create(self, *collections: str, limit_s: float = 0) -> Callable[[OnRecord], OnRecord]:
        """Run once a new record is durable."""
        return self._on("after_create", collections, limit_s)

    def before_update(
        self, *collections: str, limit_s: float = 0
    ) -> Callable[[OnRecord], OnRecord]:
        """Run inside the transaction, before a record's new values are stored."""
        return self._on("before_update", collections, limit_s)

    def after_update(self, *collections: str, limit_s: float = 0) -> Callable[[OnRecord], OnRecord]:
        """Run once a record's new values are durable."""
        return self._on("after_update", collections, limit_s)

    def before_delete(
        self, *collections: str, limit_s: float = 0
    ) -> Callable[[OnRecord], OnRecord]:
        """Run inside the transaction, before a record is deleted."""
        return self._on("before_delete", collections, limit_s)

    def after_delete(self, *collections: str, limit_s: float = 0) -> Callable[[OnRecord], OnRecord]:
        """Run once a record is gone for good."""
        return self._on("after_delete", collections, limit_s)

    def view(self, *collections: str, limit_s: float = 0) -> Callable[[OnView], OnView]:
        """Run before a record is shown to a caller, wherever it is shown."""
        return self._on("view", collections, limit_s)

    def list(self, *collections: str, limit_s: float = 0) -> Callable[[OnList], OnList]:
        """Run before a page of records is shown."""
        return self._on("list", collections, limit_s)

    def auth(self, *collections: str, limit_s: float = 0) -> Callable[[OnAuth], OnAuth]:
        """Run before a record of an auth collection gets a token."""
        return self._on("auth", collections, limit_s)

    # --- for hook files: routes, crons, jobs --------------------------------------------

    def route(
        self, method: str, pattern: str, *, auth: str = "", limit_s: float = 0
    ) -> Callable[[OnRoute], OnRoute]:
        """Answer requests to `/hello/{name}`.

        `auth` is "" (everyone), "record" (any token), "superuser", or an auth collection's
        name. The function returns a Reply, text, bytes, None (204) or what JSON can say.
        """

        def register(function: OnRoute) -> OnRoute:
            hook = Hook(function, limit_s or self.limit_s)
            self.routes.append(HookRoute(method.upper(), pattern, auth, hook, self._threads))
            return function

        return register

    def cron(
        self, cron_id: str, expression: str, *, limit_s: float = JOB_LIMIT_S
    ) -> Callable[[OnCron], OnCron]:
        """Run at the minutes a cron expression names (UTC), in one worker only."""

        def register(function: OnCron) -> OnCron:
            hook = Hook(function, limit_s)
            self.crons.append(CronHook(cron_id, expression, hook, self._threads))
            return function

        return register

    def job(
        self, name: str, *, attempts: int = 5, limit: int = 0, limit_s: float = JOB_LIMIT_S
    ) -> Callable[[OnJob], OnJob]:
        """Do the jobs enqueued under a name; at most `limit` at a time on the box (0: any)."""

        def register(function: OnJob) -> OnJob:
            hook = Hook(function, limit_s)
            self.jobs.append(JobHook(name, attempts, limit, hook, self._threads))
            return function

        return register

    # --- for hook files: what the service offers ----------------------------------------

    @property
    def backend(self) -> Backend:
        """The running service. Raises: OperatorError while hook files are loaded."""
        if self._backend is None:
            raise OperatorError("The service is not running yet.")
        return self._backend

    @property
    def records(self) -> HookRecords:
        """Records, free of rules."""
        return self.backend.records

    async def enqueue(
        self, name: str, payload: Any = None, *, key: str = "", run_at: float | None = None
    ) -> str:
        """Enqueue a job; in a before-hook it is kept only if the write is."""
        return await self.backend.enqueue(name, payload, key=key, run_at=run_at)

    async def publish(self, topic: str, value: Any) -> None:
        """Send a JSON value to all realtime clients that are subscribed to a topic."""
        await self.backend.publish(topic, msgspec.json.encode(value))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Let a hook that is not `async` wait for something that is.

        Raises: HookFailed once the hook's time is up.
        """
        try:
            running.refuse_if_over()
            if self._loop is None:
                raise OperatorError("The service is not running yet.")
        except Exception:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # --- for the service ----------------------------------------------------------------

    def load(self, folder: Path) -> int:
        """Forget all hooks and load those of a folder; none when there is no such folder.

        Raises: OperatorError naming file and line.
        """
        self.clear()
        return load_folder(folder)

    def bind(self, backend: Backend) -> None:
        """Give the hooks the service they run in; called on its event loop."""
        self._backend = backend
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """Let go of the service and the threads."""
        self._backend = self._loop = None
        self._threads.stop()

    def has(self, event: EventName, collection: Collection) -> bool:
        """Whether a hook waits for an event of a collection."""
        found = self._by_event.get(event)
        return found is not None and (
            ALL in found or collection.name in found or collection.id in found
        )

    async def before(self, name: RecordEventName, event: RecordEvent) -> None:
        """Fire an event inside the write's transaction; what this raises must undo it."""
        await self._fire(name, event.collection, event)

    async def after(self, name: RecordEventName, event: RecordEvent) -> None:
        """Fire an event after the commit: every hook runs, failures are only logged."""
        for hook in self._matching(name, event.collection):
            try:
                await running.run(hook, self._threads, event)
            except TenfoldError as error:
                log.warning("%s after the write: %s", hook.place, error)

    async def enrich(
        self,
        name: EventName,
        collection: Collection,
        records: Sequence[Record],
        facts: RequestFacts,
    ) -> Sequence[ViewEvent]:
        """Fire `view` for each record; the results say what to hide and what to add."""
        events = [ViewEvent(collection=collection, record=r, request=facts) for r in records]
        for event in events:
            await self._fire(name, collection, event)
        return events

    async def listed(
        self, collection: Collection, records: Sequence[Record], facts: RequestFacts
    ) -> Sequence[Record]:
        """Fire `list` for a page; the result is the page to show."""
        event = ListEvent(collection=collection, records=[*records], request=facts)
        await self._fire("list", collection, event)
        return event.records

    async def authenticated(self, event: AuthEvent) -> None:
        """Fire `auth`; what this raises refuses the token."""
        await self._fire("auth", event.collection, event)

    async def _fire(self, name: EventName, collection: Collection, event: Any) -> None:
        for hook in self._matching(name, collection):
            await running.run(hook, self._threads, event)

    def _matching(self, name: EventName, collection: Collection) -> Sequence[Hook]:
        found = self._by_event.get(name)
        if not found:
            return ()
        names = {ALL, collection.name, collection.id}
        numbered = [entry for target in names for entry in found.get(target, ())]
        return [hook for _, hook in sorted(numbered, key=lambda entry: entry[0])]

    def _on(
        self, name: EventName, collections: tuple[str, ...], limit_s: float
    ) -> Callable[[Any], Any]:
        if any(callable(target) for target in collections):
            raise TypeError(f"write @hooks.{name}() with brackets")

        def register(function: Any) -> Any:
            self._count += 1
            is_inside = name.startswith("before_")
            usual_s = min(self.limit_s, BEFORE_LIMIT_S) if is_inside else self.limit_s
            hook = Hook(function, limit_s or usual_s)
            for target in dict.fromkeys(collections or (ALL,)):
                targets = self._by_event.setdefault(name, {})
                targets.setdefault(target, []).append((self._count, hook))
            return function

        return register
