"""The shortest way to answer the two most frequent requests: view a record, list records.

`GET /api/collections/{collection}/records[/{id}]` is answered here, before any routing and
without a coroutine, when the answer is remembered or one point read away and the rule can be
decided from the record and the caller alone. Everything else, errors too, takes the ordinary
way: this lane only ever says what that way would have said.

It has two halves. `hit` runs on the server's I/O thread and answers while every commit so far
is known: the event loop never hears of such a request. `answer` runs on the event loop and may
learn of commits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tenfold.api.headers import JSON_DEFAULTS, Cors
from tenfold.api.rsgi import HttpProtocol, Scope
from tenfold.errors import Forbidden
from tenfold.records import Answers, RecordAnswer, rule
from tenfold.schema.actor import NOBODY, Actor, RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record

PREFIX = "/api/collections/"

KNOWN_FROM_ACTOR = frozenset({"auth", "auth_record", "method", "context"})
"""The parts of a request that this lane knows without reading its headers or query."""


Read = Callable[[Collection, str], Record | None]
"""Gives a record by id."""


class PointReads(Protocol):
    """What the lane needs of a store that answers point reads at once."""

    def poll(self) -> None: ...

    def is_current(self) -> bool: ...

    @property
    def known_catalog(self) -> Catalog:
        """The catalog as of the last poll."""
        ...

    def find_now(self, collection: Collection, record_id: str) -> Record | None:
        """A record by id, or None."""
        ...

    def find_beside(self, collection: Collection, record_id: str) -> Record | None:
        """The same for the server's I/O thread."""
        ...


@dataclass(frozen=True, slots=True)
class _ViewPlan:
    """How views of one collection are decided; `passes` None lets everyone see."""

    collection: Collection
    passes: Callable[[Any, RequestFacts], bool] | None
    has_hidden: bool


class LaneFigures:
    """What one half of the lane has answered; each half runs in a thread of its own."""

    __slots__ = ("fills", "lists", "views")

    def __init__(self) -> None:
        self.views = 0
        self.lists = 0
        self.fills = 0
        """Views whose record had to be read first."""


class FastLane:
    """Answers what it can; tells whether it did.

    `known_actor` gives the actor of a token that was verified before, else None.
    `is_open` says whether the lane may be used at all now (rate limits may need every
    request to be counted); `leave_out` whether the activity log can do without this one.
    Both, and `known_actor`, are asked from two threads.
    """

    def __init__(
        self,
        store: PointReads,
        answers: Answers,
        known_actor: Callable[[str], Actor | None],
        *,
        cors: Cors,
        is_watched: Callable[[Collection], bool],
        is_open: Callable[[], bool],
        leave_out: Callable[[], bool],
    ) -> None:
        self.instant = LaneFigures()
        self.fast = LaneFigures()
        self._store = store
        self._answers = answers
        self._known_actor = known_actor
        self._headers = list(JSON_DEFAULTS)
        self._cross_origin = (
            [*JSON_DEFAULTS, *cors.answer_headers("*")] if "*" in cors.origins else None
        )
        self._is_watched = is_watched
        self._is_open = is_open
        self._leave_out = leave_out
        self._catalog_plans: tuple[Catalog, dict[str, _ViewPlan | None]] = (Catalog(), {})

    def hit(self, scope: Scope, proto: HttpProtocol) -> bool:
        """Answer if every commit so far is known. For the server's I/O thread only."""
        asked = _asked(scope)
        if asked is None or not self._store.is_current() or not self._is_open():
            return False
        return self._serve(scope, proto, asked, self._store.find_beside, self.instant)

    def answer(self, scope: Scope, proto: HttpProtocol) -> bool:
        """Learn of commits first, then answer. For the event loop only."""
        asked = _asked(scope)
        if asked is None or not self._is_open():
            return False
        self._store.poll()
        return self._serve(scope, proto, asked, self._store.find_now, self.fast)

    def _serve(
        self,
        scope: Scope,
        proto: HttpProtocol,
        asked: list[str],
        read: Read,
        figures: LaneFigures,
    ) -> bool:
        headers = scope.headers
        token = headers.get("authorization")
        actor = None
        if token:
            actor = self._known_actor(token)
            if actor is None:
                return False
        if len(asked) == 3:
            body = None if scope.query_string else self._view(asked, actor, read, figures)
        else:
            body = self._answers.find_list(list_key(asked[0], scope.query_string, actor))
        if body is None:
            return False
        sent = self._headers if headers.get("origin") is None else self._cross_origin
        if sent is None or not self._leave_out():
            return False
        proto.response_bytes(200, sent, body)
        if len(asked) == 3:
            figures.views += 1
        else:
            figures.lists += 1
        return True

    def _view(
        self, asked: list[str], actor: Actor | None, read: Read, figures: LaneFigures
    ) -> bytes | None:
        plan = self._plan(asked[0])
        if plan is None:
            return None
        answer = self._find(plan, asked[2], read, figures)
        if answer is None:
            return None
        if actor is not None and actor.is_superuser:
            return None if plan.has_hidden else answer.body
        if plan.passes is not None:
            facts = NOBODY if actor is None else RequestFacts(actor)
            if answer.values is None or not plan.passes(answer.values, facts):
                return None
        return answer.body

    def _find(
        self, plan: _ViewPlan, record_id: str, read: Read, figures: LaneFigures
    ) -> RecordAnswer | None:
        found = self._answers.records.get((plan.collection.id, record_id))
        if found is not None:
            return found
        heard = self._answers.changes_heard
        record = read(plan.collection, record_id)
        # A record that is newer than what is known of the rules must not be judged by them.
        if record is None or not self._store.is_current():
            return None
        figures.fills += 1
        return self._answers.keep_record(record, heard)

    def _plan(self, name: str) -> _ViewPlan | None:
        # Replaced as a whole, never cleared: the other thread may be reading it.
        catalog, plans = self._catalog_plans
        if catalog is not self._store.known_catalog:
            catalog, plans = self._store.known_catalog, {}
            self._catalog_plans = catalog, plans
        try:
            return plans[name]
        except KeyError:
            collection = catalog.find(name)
            if collection is None:
                return None
            plan = plans[name] = self._make_plan(collection, catalog)
            return plan

    def _make_plan(self, collection: Collection, catalog: Catalog) -> _ViewPlan | None:
        if collection.type == "view" or self._is_watched(collection):
            return None
        try:
            checked = rule(collection, "view", catalog)
        except Forbidden:
            return None
        passes = None
        if checked is not None:
            passes = checked.predicate
            if passes is None or not checked.reads <= KNOWN_FROM_ACTOR:
                return None
        return _ViewPlan(collection, passes, any(f.hidden for f in collection.fields))


def _asked(scope: Scope) -> list[str] | None:
    """`[collection, "records"]` or `[collection, "records", id]` of the path, or None."""
    path = scope.path
    if not path.startswith(PREFIX) or scope.method != "GET":
        return None
    parts = path[len(PREFIX) :].split("/")
    return parts if 1 < len(parts) < 4 and parts[1] == "records" else None


def list_key(collection: str, query_string: str, actor: Actor | None) -> tuple[str, ...]:
    """What a remembered list is kept under: the request, and who made it."""
    if actor is None:
        return (collection, query_string)
    return (collection, query_string, actor.record.collection.id, actor.record.id)
