"""Carry committed changes to the clients of this worker, in the order of the change log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from tenfold.realtime.audience import Audience, Group
from tenfold.realtime.clients import Client, Identity
from tenfold.realtime.images import record_of
from tenfold.realtime.reach import IsPersonal, Reach, Render
from tenfold.schema.actor import Actor
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import COLLECTIONS, PARAMS, Change, Store

log = logging.getLogger("tenfold.realtime")

GAP = "*"
"""The collection id of a change that says: some changes were missed."""

MAX_WAITING_BYTES = 128 * 1024 * 1024
SLICE_S = 0.002
"""How long the event loop is held before others get their turn."""


class Broadcast:
    """A queue of changes and the task that empties it.

    `lose_all` is called when changes can't be delivered any more: the streams must end, so
    that clients know to load again.
    """

    def __init__(
        self,
        store: Store,
        audience: Audience,
        render: Render,
        is_personal: IsPersonal,
        lose_all: Callable[[], None],
    ) -> None:
        self._store = store
        self._audience = audience
        self._render = render
        self._is_personal = is_personal
        self._lose_all = lose_all
        self._queue: deque[Change] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._slice_end = 0.0

    def hear(self, change: Change) -> None:
        """Take a change from the store; nearly free while nobody listens."""
        if self._audience.is_empty:
            return
        self._waiting_bytes += len(change.image)
        if change.collection_id == GAP or self._waiting_bytes > MAX_WAITING_BYTES:
            self._queue.clear()
            self._waiting_bytes = 0
            self._lose_all()
            return
        self._queue.append(change)
        self._is_idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._slice_end = time.perf_counter() + SLICE_S
            while self._queue:
                change = self._queue.popleft()
                self._waiting_bytes -= len(change.image)
                try:
                    await self._deliver(change)
                except Exception:
                    log.exception("a change could not be sent to realtime clients")
            self._is_idle.set()

    async def drain(self) -> None:
        """Return once every change heard so far is delivered."""
        await self._is_idle.wait()

    async def _deliver(self, change: Change) -> None:
        if change.collection_id == COLLECTIONS:
            self._forget_collection(change.record_id)
            return
        if change.collection_id == PARAMS:
            return
        collection = self._store.catalog.by_id.get(change.collection_id)
        if collection is None:
            return
        identity = self._audience.identity((collection.id, change.record_id))
        if identity and change.action == "update":
            self._renew(identity, record_of(change, collection))
        await self._tell(change, collection)
        if identity and change.action == "delete":
            self._sign_out(identity)

    async def _tell(self, change: Change, collection: Collection) -> None:
        concerned = list(self._audience.of_record(collection, change.record_id))
        if not concerned:
            return
        record = record_of(change, collection)
        reach = Reach(self._store, self._render, self._is_personal, change.action, record)
        failure: Exception | None = None
        for rule, group in concerned:
            try:
                frame = await reach.frame(rule, group)
            except Exception as error:
                # One rule or rendering that fails takes nothing from the others.
                failure = error
                continue
            if frame:
                _push(group, frame, change.seq)
            if time.perf_counter() > self._slice_end:
                await asyncio.sleep(0)
                self._slice_end = time.perf_counter() + SLICE_S
        if failure:
            raise failure

    def _renew(self, identity: Identity, record: Record) -> None:
        known = identity.actor.record
        if record.rev <= known.rev:
            return
        if record.values["tokenKey"] != known.values["tokenKey"]:
            # Every token given so far is void: a new password, for one.
            self._sign_out(identity)
        else:
            identity.actor = Actor(record, identity.actor.is_superuser)

    def _sign_out(self, identity: Identity) -> None:
        for client in list(identity.clients):
            self._audience.sign_out(client)

    def _forget_collection(self, collection_id: str) -> None:
        if self._store.catalog.by_id.get(collection_id) is not None:
            return
        for identity in self._audience.identities:
            if identity.key[0] == collection_id:
                self._sign_out(identity)


def _push(group: Group, frame: bytes, seq: int) -> None:
    now = time.monotonic()
    receivers: dict[Client, int] = group.receivers
    for client, after_seq in receivers.items():
        if seq > after_seq:
            client.push(frame, now)
