"""Who a token proves its bearer to be: verified once, then remembered while it stays true."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from tenfold.auth import tokens
from tenfold.schema.actor import Actor
from tenfold.schema.collection import SUPERUSERS
from tenfold.schema.record import Record
from tenfold.store.contract import COLLECTIONS, Change, Store

MAX_REMEMBERED = 10_000
EVERYTHING = "*"

RecordKey = tuple[str, str]


class Authenticator:
    """Verifies auth and file tokens; remembers at most `limit` auth tokens.

    invariant: a remembered token is forgotten as soon as a change to its record or to any
    collection is heard of, so a look-up after `Store.poll` is never out of date (C2).
    `find` and `evict` may be called from any thread, `authenticate` on the event loop.
    """

    def __init__(
        self, store: Store, *, limit: int = MAX_REMEMBERED, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._limit = limit
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, tuple[Actor, float]] = {}
        self._tokens_of: dict[RecordKey, set[str]] = {}
        self._changes_heard = 0

    def find(self, token: str) -> Actor | None:
        """Who a remembered token proves its bearer to be; poll the store first."""
        # One look into the dict and no change to it: needs no lock.
        kept = self._kept.get(token)
        return kept[0] if kept is not None and kept[1] > self._clock() else None

    async def authenticate(self, token: str) -> Actor | None:
        """Who a token proves its bearer to be; None for anything but a good auth token."""
        self._store.poll()
        found = self.find(token)
        if found is not None:
            return found
        heard = self._changes_heard
        proof = await tokens.prove(token, "auth", self._store, self._clock())
        if proof is None:
            self._forget(token)
            return None
        actor = _actor(proof.record, is_refreshable=proof.claims.refreshable is True)
        self._remember(token, actor, proof.claims.ends_at, heard)
        return actor

    async def file_actor(self, token: str) -> Actor | None:
        """Who a file token proves its bearer to be."""
        proof = await tokens.prove(token, "file", self._store, self._clock())
        return _actor(proof.record, is_refreshable=False) if proof else None

    def file_token(self, actor: Actor) -> str:
        """A short-lived token that opens the protected files the actor may see."""
        return tokens.make(actor.record, "file", self._clock())

    def evict(self, change: Change) -> None:
        """Forget what a change makes wrong."""
        with self._lock:
            self._changes_heard += 1
            if change.collection_id in (COLLECTIONS, EVERYTHING):
                self._kept.clear()
                self._tokens_of.clear()
                return
            for token in self._tokens_of.pop((change.collection_id, change.record_id), ()):
                self._kept.pop(token, None)

    def _remember(self, token: str, actor: Actor, ends_at: float, heard: int) -> None:
        """Keep what was found out, unless a change was heard of meanwhile."""
        with self._lock:
            if heard != self._changes_heard:
                return
            while len(self._kept) >= self._limit:
                self._drop(next(iter(self._kept)))
            self._kept[token] = (actor, ends_at)
            self._tokens_of.setdefault(_key(actor.record), set()).add(token)

    def _forget(self, token: str) -> None:
        if token in self._kept:
            with self._lock:
                self._drop(token)

    def _drop(self, token: str) -> None:
        kept = self._kept.pop(token, None)
        if kept is None:
            return
        key = _key(kept[0].record)
        same = self._tokens_of.get(key, set())
        same.discard(token)
        if not same:
            self._tokens_of.pop(key, None)


def _key(record: Record) -> RecordKey:
    return record.collection.id, record.id


def _actor(record: Record, *, is_refreshable: bool) -> Actor:
    is_superuser = record.collection.name == SUPERUSERS
    return Actor(record, is_superuser, token_is_refreshable=is_refreshable)
