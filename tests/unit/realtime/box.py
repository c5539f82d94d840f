"""A box of workers that share a log of changes, and clients that read their streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import msgspec

from tenfold.bus.memory import MemoryBus, MemoryHub
from tenfold.realtime import Proof, Realtime
from tenfold.schema.actor import Actor, RequestFacts
from tenfold.schema.auth_options import AuthOptions
from tenfold.schema.collection import Catalog, Collection
from tenfold.schema.fields import BoolField, EmailField, JSONField, TextField
from tenfold.schema.record import Record
from tenfold.schema.render import to_wire
from tenfold.store.contract import Action, Change, Store

IDLE_S = 300.0

USERS = Collection(
    id="users_id",
    name="users",
    type="auth",
    fields=(
        TextField(name="id"),
        EmailField(name="email"),
        BoolField(name="emailVisibility"),
        TextField(name="tokenKey", hidden=True),
        TextField(name="name"),
    ),
    list_rule="",
    view_rule="",
    auth=AuthOptions(),
)


def posts(list_rule: str | None = "", view_rule: str | None = "") -> Collection:
    """A base collection with an owner, a hidden field and free JSON."""
    return Collection(
        id="posts_id",
        name="posts",
        fields=(
            TextField(name="id"),
            TextField(name="title"),
            TextField(name="owner"),
            TextField(name="secret", hidden=True),
            JSONField(name="meta"),
        ),
        list_rule=list_rule,
        view_rule=view_rule,
    )


class Log:
    """The data that all workers of the box share."""

    def __init__(self, *collections: Collection) -> None:
        self.catalog = Catalog((USERS, *collections), 1)
        self.changes: list[Change] = []
        self.records: dict[tuple[str, str], Record] = {}

    def commit(self, action: Action, collection: Collection, values: dict[str, Any]) -> Record:
        """Append a change as a store does."""
        full = {f.name: values.get(f.name, f.zero()) for f in collection.fields}
        record = Record(collection, full, len(self.changes) + 1)
        image = msgspec.json.encode(full).decode()
        self.changes.append(Change(record.rev, collection.id, record.id, action, image))
        if action == "delete":
            self.records.pop((collection.id, record.id), None)
        else:
            self.records[(collection.id, record.id)] = record
        return record


class FakeStore:
    """One worker's sight of the log; foreign commits show when it polls."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.seen = 0
        self.listeners: list[Callable[[Change], None]] = []
        self.asked = 0

    @property
    def catalog(self) -> Catalog:
        return self.log.catalog

    def listen(self, listener: Callable[[Change], None]) -> None:
        self.listeners.append(listener)

    def poll(self) -> None:
        while self.seen < len(self.log.changes):
            change = self.log.changes[self.seen]
            self.seen += 1
            for listener in self.listeners:
                listener(change)

    async def last_seq(self) -> int:
        self.poll()
        return self.seen

    async def find(self, collection: Collection, record_id: str) -> Record | None:
        return self.log.records.get((collection.id, record_id))

    async def holds(self, condition: Any, record: Record) -> bool:
        self.asked += 1
        checked, facts = condition
        await asyncio.sleep(0)
        return checked.predicate(record.values, facts)


class Worker:
    """A worker process of the box."""

    def __init__(self, log: Log, hub: MemoryHub) -> None:
        self.store = FakeStore(log)
        self.bus = MemoryBus(hub)
        self.rendered = 0
        self.now = time.time()
        self.realtime = Realtime(
            cast(Store, self.store),
            self.bus,
            self.render,
            clock=lambda: self.now,
            idle_s=IDLE_S,
        )

    async def render(self, record: Record, facts: RequestFacts, expand: str, fields: str) -> bytes:
        self.rendered += 1
        own = facts.actor is not None and facts.actor.record.id == record.id
        with_email = facts.is_superuser or own or bool(record.values.get("emailVisibility"))
        shown = to_wire(record, with_email=with_email, with_hidden=facts.is_superuser)
        if fields:
            shown = {name: shown[name] for name in fields.split(",")}
        if expand:
            shown["expand"] = facts.actor.record.id if facts.actor else ""
        return msgspec.json.encode(shown)

    async def start(self) -> None:
        await self.bus.open()
        await self.realtime.start()

    async def stop(self) -> None:
        await self.realtime.stop()
        await self.bus.close()


class Listener:
    """A client that reads its stream in the background."""

    def __init__(self, stream: AsyncGenerator[bytes]) -> None:
        self.stream = stream
        self.text = b""
        self.id = ""
        self.has_ended = False
        self.task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for chunk in self.stream:
            self.text += chunk
            if not self.id:
                self.id = msgspec.json.decode(chunk.split(b"data:")[1])["clientId"]
        self.has_ended = True

    @property
    def events(self) -> list[tuple[str, Any]]:
        """All events so far: name and decoded data, the greeting left out."""
        found: list[tuple[str, Any]] = []
        for frame in self.text.split(b"\n\n")[1:-1]:
            lines = dict(line.split(b":", 1) for line in frame.split(b"\n"))
            assert lines[b"id"].decode() == self.id
            found.append((lines[b"event"].decode(), msgspec.json.decode(lines[b"data"])))
        return found


async def listener(worker: Worker) -> Listener:
    """Connect a client to a worker."""
    client = Listener(worker.realtime.connect())
    await until(lambda: bool(client.id))
    return client


async def until(holds: Callable[[], bool], limit_s: float = 3.0) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.002)


def proof(record: Record, expires_at: float = 0) -> Proof:
    """The proof of a valid token of an auth record."""
    return Proof.of(Actor(record, is_superuser=False), expires_at)
