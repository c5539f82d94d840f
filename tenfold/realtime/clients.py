"""One connected client: its queue of frames and the stream they leave by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tenfold.schema.actor import Actor

MAX_WAITING_BYTES = 4 * 1024 * 1024
"""What may wait for a client that reads too slowly; then its stream ends."""

PAUSE_PER_CLIENT_S = 0.00005
"""Twice what it takes to send to one client."""

LONGEST_PAUSE_S = 0.1

ActorKey = tuple[str, str]
"""Collection id and record id."""


@dataclass(slots=True, eq=False)
class Identity:
    """An auth record that clients of this worker have proved to be; kept up to date."""

    actor: Actor
    clients: set[Client] = field(default_factory=set["Client"])

    @property
    def key(self) -> ActorKey:
        return key_of(self.actor)


def key_of(actor: Actor) -> ActorKey:
    return actor.record.collection.id, actor.record.id


class Pace:
    """Decides when clients that have frames waiting send them.

    The first at once; in a burst so seldom that sending takes at most about half the time,
    and what comes meanwhile leaves together.
    """

    def __init__(self) -> None:
        self._due: list[Client] = []
        self._next_at = 0.0
        self._is_set = False

    def add(self, client: Client) -> None:
        """Let a client send soon."""
        self._due.append(client)
        if not self._is_set:
            self._is_set = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self._next_at), self._send)

    def _send(self) -> None:
        due, self._due = self._due, []
        self._is_set = False
        pause_s = min(LONGEST_PAUSE_S, PAUSE_PER_CLIENT_S * len(due))
        self._next_at = asyncio.get_running_loop().time() + pause_s
        for client in due:
            client.wake()


class Client:
    """A client's end of a stream. Frames go in by `push` and come out by `chunk`."""

    __slots__ = (
        "_is_closed",
        "_is_due",
        "_pace",
        "_parts",
        "_prefix",
        "_waiter",
        "_waiting_bytes",
        "expires_at",
        "id",
        "identity",
        "idle_since",
    )

    def __init__(self, client_id: str, now: float, pace: Pace) -> None:
        self.id = client_id
        self._pace = pace
        self._is_due = False
        self.identity: Identity | None = None
        self.expires_at = 0.0
        """When its token runs out (seconds since 1970); 0: never."""
        self.idle_since = now
        self._prefix = b"id:" + client_id.encode() + b"\n"
        self._parts: list[bytes] = []
        self._waiting_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._is_closed = False

    def push(self, frame: bytes, now: float) -> None:
        """Queue a frame (without its id line); never waits, never fails."""
        if self._is_closed:
            return
        self._waiting_bytes += len(self._prefix) + len(frame)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._parts.clear()
            self.close()
            return
        self._parts.append(self._prefix)
        self._parts.append(frame)
        self.idle_since = now
        if not self._is_due:
            self._is_due = True
            self._pace.add(self)

    def close(self) -> None:
        """End the stream once what waits is sent."""
        self._is_closed = True
        self.wake()

    @property
    def greeting(self) -> bytes:
        """The first frame of every stream."""
        return b'%sevent:PB_CONNECT\ndata:{"clientId":"%s"}\n\n' % (self._prefix, self.id.encode())

    async def chunk(self) -> bytes:
        """All frames that wait, in one piece; waits for the first. Empty at the end."""
        while self._is_due or not self._parts:
            if self._is_closed:
                break
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = b"".join(self._parts)
        self._parts.clear()
        self._waiting_bytes = 0
        return chunk

    def wake(self) -> None:
        """Let what waits be sent now."""
        self._is_due = False
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
