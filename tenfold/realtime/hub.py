"""The realtime use cases: connect, subscribe, publish to a topic, send to one client."""

from __future__ import annotations

import asyncio
import logging
import secrets
import string
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from tenfold.bus import Bus
from tenfold.errors import Forbidden, NotFound, TenfoldError, Unavailable
from tenfold.realtime.audience import Audience
from tenfold.realtime.broadcast import Broadcast
from tenfold.realtime.calls import Calls
from tenfold.realtime.clients import Client, Pace, key_of
from tenfold.realtime.reach import IsPersonal, Render
from tenfold.realtime.topics import parse_subscription
from tenfold.schema.actor import Actor
from tenfold.schema.collection import SUPERUSERS
from tenfold.store.contract import Store

log = logging.getLogger("tenfold.realtime")

IDLE_S = 300.0
"""A stream ends after so long without a frame, as PocketBase's does."""

POLL_S = 0.01
"""How often foreign commits are looked for while somebody listens."""

SWEEP_S = 1.0
LAST_WORDS_S = 0.5
"""How long a stop waits for changes that are not sent yet."""

ID_LENGTH = 40
ALPHABET = string.ascii_letters + string.digits
PUBLISHED = "realtime.publish"

DONE, UNKNOWN, FORBIDDEN, FAILED = b"done", b"unknown", b"forbidden", b"failed"
"""How a command to the worker of a client ends."""

NO_CLIENT = "Missing or invalid client id."
OTHER_AUTH = "The current and the previous request authorization don't match."


class Proof(msgspec.Struct, frozen=True):
    """Who a token proved its bearer to be, in a form that travels between workers."""

    collection_id: str
    record_id: str
    key_digest: bytes
    expires_at: float

    @classmethod
    def of(cls, actor: Actor, expires_at: float) -> Proof:
        """What an actor's token proved; it runs out at `expires_at` (0: never)."""
        return cls(*key_of(actor), _digest(actor), expires_at)


class _Subscribe(msgspec.Struct, tag=True):
    client_id: str
    subscriptions: list[str]
    proof: Proof | None


class _Send(msgspec.Struct, tag=True):
    client_id: str
    topic: str
    payload: bytes
    once: bool


_Command = _Subscribe | _Send
_encode = msgspec.msgpack.encode


class Realtime:
    """The streams of this worker, and the way to those of the others."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        render: Render,
        is_personal: IsPersonal = lambda _: False,
        clock: Callable[[], float] = time.time,
        idle_s: float = IDLE_S,
    ) -> None:
        self._store = store
        self._bus = bus
        self._idle_s = idle_s
        self._clock = clock
        self._clients: dict[str, Client] = {}
        self._audience = Audience()
        self._pace = Pace()
        self._broadcast = Broadcast(store, self._audience, render, is_personal, self._close_all)
        self._calls = Calls(bus, self._answer)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_listening = False
        self._is_heard = asyncio.Event()

    async def start(self) -> None:
        """Begin to carry changes and messages."""
        if not self._is_listening:
            self._store.listen(self._broadcast.hear)
            self._is_listening = True
        self._calls.start()
        self._bus.subscribe(PUBLISHED, self._take_published)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(work(), name=f"realtime {work.__name__}")
            for work in (self._broadcast.run, self._poll, self._sweep)
        ]

    async def stop(self) -> None:
        """End all streams and tasks."""
        self._close_all()
        self._calls.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop_streams(self) -> None:
        """Let every stream end once all that was committed is sent; clients connect again."""
        self._store.poll()
        self._tasks.append(asyncio.get_running_loop().create_task(self._end_streams()))

    async def _end_streams(self) -> None:
        try:
            await asyncio.wait_for(self._broadcast.drain(), LAST_WORDS_S)
        except TimeoutError:
            log.warning("streams end before all changes were sent")
        self._close_all()

    def _close_all(self) -> None:
        for client in self._clients.values():
            client.close()

    # --- one client ---------------------------------------------------------------------

    async def connect(self) -> AsyncGenerator[bytes]:
        """A new client's stream; it is forgotten when the stream is closed."""
        client = Client(self._new_id(), time.monotonic(), self._pace)
        self._clients[client.id] = client
        try:
            yield client.greeting
            while chunk := await client.chunk():
                yield chunk
        finally:
            del self._clients[client.id]
            self._audience.remove(client)

    async def subscribe(
        self, client_id: str, subscriptions: Sequence[str], proof: Proof | None
    ) -> None:
        """Replace what a client is subscribed to, whichever worker holds its stream.

        Every change committed after this returns reaches the client. A client may become
        somebody once; after that it must stay the same. Raises: NotFound, Forbidden,
        Unavailable.
        """
        command = _Subscribe(client_id, list(subscriptions), proof)
        if client_id in self._clients:
            outcome = await self._subscribe_here(command)
        else:
            outcome = await self._ask_owner(client_id, command)
        if outcome == FORBIDDEN:
            raise Forbidden(OTHER_AUTH)
        if outcome == FAILED:
            raise Unavailable("The worker process that holds the stream could not do it.")
        if outcome != DONE:
            raise NotFound(NO_CLIENT)

    async def send(self, client_id: str, topic: str, payload: bytes, *, once: bool = True) -> bool:
        """Send one client a message if it is subscribed to the topic; say whether it was.

        `once` drops the subscription. Raises: Unavailable.
        """
        command = _Send(client_id, topic, payload, once)
        if client_id in self._clients:
            return self._send_here(command) == DONE
        return await self._ask_owner(client_id, command) == DONE

    async def publish(self, topic: str, payload: bytes) -> None:
        """Send a message to all clients of all workers that are subscribed to a topic."""
        await self._bus.publish(PUBLISHED, _encode((topic, payload)))

    # --- this worker's part -------------------------------------------------------------

    async def _subscribe_here(self, command: _Subscribe) -> bytes:
        seq = await self._store.last_seq()
        actor = await self._prove(command.proof)
        client = self._clients.get(command.client_id)
        if client is None:
            return UNKNOWN
        if client.identity and (actor is None or client.identity.key != key_of(actor)):
            return FORBIDDEN
        wanted = [parse_subscription(text) for text in command.subscriptions]
        self._audience.set(client, wanted, actor, seq)
        self._is_heard.set()
        client.expires_at = command.proof.expires_at if actor and command.proof else 0.0
        # The record may have changed while it was read; from here on changes are followed.
        if actor and await self._prove(command.proof) is None:
            self._audience.sign_out(client)
        return DONE

    async def _prove(self, proof: Proof | None) -> Actor | None:
        """The actor of a proof, if the record is there and its tokens were not revoked."""
        if proof is None:
            return None
        collection = self._store.catalog.by_id.get(proof.collection_id)
        record = await self._store.find(collection, proof.record_id) if collection else None
        if collection is None or record is None:
            return None
        actor = Actor(record, is_superuser=collection.name == SUPERUSERS)
        return actor if secrets.compare_digest(_digest(actor), proof.key_digest) else None

    def _send_here(self, command: _Send) -> bytes:
        client = self._clients.get(command.client_id)
        group = self._audience.listens(client, command.topic) if client else None
        if client is None or group is None:
            return UNKNOWN
        client.push(_message(group.subscription.frame_head, command.payload), time.monotonic())
        if command.once:
            self._audience.leave(client, command.topic)
        return DONE

    def _take_published(self, message: bytes) -> None:
        topic, payload = msgspec.msgpack.decode(message, type=tuple[str, bytes])
        now = time.monotonic()
        for group in self._audience.groups(topic):
            frame = _message(group.subscription.frame_head, payload)
            for client in group.receivers:
                client.push(frame, now)

    # --- other workers ------------------------------------------------------------------

    async def _ask_owner(self, client_id: str, command: _Command) -> bytes:
        owner = client_id[: len(self._bus.id)]
        if owner == self._bus.id or len(client_id) != ID_LENGTH:
            return UNKNOWN
        return await self._calls.ask(owner, _encode(command)) or UNKNOWN

    async def _answer(self, body: bytes) -> bytes:
        command: Any = msgspec.msgpack.decode(body, type=_Command)
        try:
            if isinstance(command, _Subscribe):
                return await self._subscribe_here(command)
            return self._send_here(command)
        except TenfoldError as error:
            log.warning("a realtime command of another worker failed: %s", error)
            return FAILED

    def _new_id(self) -> str:
        """An id that nobody can guess and whose start names the worker."""
        rest = ID_LENGTH - len(self._bus.id)
        return self._bus.id + "".join(secrets.choice(ALPHABET) for _ in range(rest))

    # --- by the clock -------------------------------------------------------------------

    async def _poll(self) -> None:
        while True:
            await self._is_heard.wait()
            self._is_heard.clear()
            while not self._audience.is_empty:
                await asyncio.sleep(POLL_S)
                try:
                    self._store.poll()
                except Exception:
                    log.exception("the store could not be polled")
                    await asyncio.sleep(SWEEP_S)

    async def _sweep(self) -> None:
        """End streams that were idle too long or whose token ran out."""
        while True:
            await asyncio.sleep(SWEEP_S)
            idle_before, now = time.monotonic() - self._idle_s, self._clock()
            for client in list(self._clients.values()):
                if client.idle_since <= idle_before or 0 < client.expires_at <= now:
                    client.close()


def _digest(actor: Actor) -> bytes:
    return blake2b(actor.record.values["tokenKey"].encode(), digest_size=16).digest()


def _message(head: bytes, payload: bytes) -> bytes:
    """A frame with any payload; each of its lines is a data line."""
    lines = payload.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return head + b"".join(b"data:" + line + b"\n" for line in lines) + b"\n"
