"""The shortest way to answer the two most frequent requests: view a record, list records.

`GET /api/collections/{collection}/records[/{id}]` is answered here, before any routing and
without a coroutine, when the answer is remembered or one point read away and the rule can be
decided from the record and the caller alone. Everything else, errors too, takes the ordinary
way: this lane only ever says what that way would have said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tenfold.errors import Forbidden
from tenfold.records import Answers, RecordAnswer, encode_plain, rule
from tenfold.schema.actor import NOBODY, Actor, RequestFacts
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.record import Record

PREFIX = "/api/collections/"

KNOWN_FROM_ACTOR = frozenset({"auth", "auth_record", "method", "context"})
"""The parts of a request that this lane knows without reading its headers or query."""


class PointReads(Protocol):
    """What the lane needs of a store that answers point reads at once."""

    def poll(self) -> None: ...

    @property
    def known_catalog(self) -> Catalog:
        """The catalog as of the last poll."""
        ...

    def find_now(self, collection: Collection, record_id: str) -> Record | None:
        """A record by id, or None; also None when it can't be had at once."""
        ...


@dataclass(frozen=True, slots=True)
class _ViewPlan:
    """How views of one collection are decided; `passes` None lets everyone see."""

    collection: Collection
    passes: Callable[[Any, RequestFacts], bool] | None
    has_hidden: bool


class FastLane:
    """Answers what it can; tells whether it did.

    `known_actor` gives the actor of a token that was verified before, else None.
    `is_open` says whether the lane may be used at all now (rate limits may need every
    request to be counted); `answered` is told of each answer, for the activity log.
    """

    def __init__(
        self,
        store: PointReads,
        answers: Answers,
        known_actor: Callable[[str], Actor | None],
        *,
        headers: list[tuple[str, str]],
        is_watched: Callable[[Collection], bool],
        is_open: Callable[[Any], bool],
        answered: Callable[[Any, int], None],
    ) -> None:
        self._store = store
        self._answers = answers
        self._known_actor = known_actor
        self._headers = headers
        self._is_watched = is_watched
        self._is_open = is_open
        self._answered = answered
        self._catalog = Catalog()
        self._plans: dict[str, _ViewPlan | None] = {}

    def __call__(self, scope: Any, proto: Any) -> bool:
        path: str = scope.path
        if not path.startswith(PREFIX) or scope.method != "GET":
            return False
        parts = path[len(PREFIX) :].split("/")
        if len(parts) < 2 or parts[1] != "records" or not self._is_open(scope):
            return False
        headers = scope.headers
        token = headers.get("authorization")
        actor = None
        self._store.poll()
        if token:
            actor = self._known_actor(token)
            if actor is None:
                return False
        if len(parts) == 3:
            body = None if scope.query_string else self._view(parts[0], parts[2], actor)
        elif len(parts) == 2:
            body = self._answers.find_list(list_key(parts[0], scope.query_string, actor))
        else:
            return False
        if body is None or headers.get("origin") is not None:
            return False
        proto.response_bytes(200, self._headers, body)
        self._answered(scope, 200)
        return True

    def _view(self, name: str, record_id: str, actor: Actor | None) -> bytes | None:
        plan = self._plan(name)
        if plan is None:
            return None
        key = (plan.collection.id, record_id)
        answer = self._answers.records.get(key)
        if answer is None:
            answer = self._fill(plan.collection, record_id)
            if answer is None:
                return None
        if actor is not None and actor.is_superuser:
            return None if plan.has_hidden else answer.body
        if plan.passes is not None:
            facts = NOBODY if actor is None else RequestFacts(actor)
            if not plan.passes(answer.record.values, facts):
                return None
        return answer.body

    def _fill(self, collection: Collection, record_id: str) -> RecordAnswer | None:
        record = self._store.find_now(collection, record_id)
        if record is None:
            return None
        answer = RecordAnswer(record, encode_plain(record))
        size_bytes = 3 * len(answer.body or b"")
        self._answers.records.put((collection.id, record_id), answer, size_bytes)
        return answer

    def _plan(self, name: str) -> _ViewPlan | None:
        catalog = self._store.known_catalog
        if catalog is not self._catalog:
            self._catalog = catalog
            self._plans.clear()
        try:
            return self._plans[name]
        except KeyError:
            collection = catalog.find(name)
            if collection is None:
                return None
            plan = self._plans[name] = self._make_plan(collection, catalog)
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


def list_key(collection: str, query_string: str, actor: Actor | None) -> tuple[str, ...]:
    """What a remembered list is kept under: the request, and who made it."""
    if actor is None:
        return (collection, query_string)
    return (collection, query_string, actor.record.collection.id, actor.record.id)
