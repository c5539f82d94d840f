"""What a hook is given: one typed value per kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from tenfold.errors import BadRequest
from tenfold.schema.actor import NOBODY, Actor, RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Transaction

RecordEventName = Literal[
    "before_create",
    "after_create",
    "before_update",
    "after_update",
    "before_delete",
    "after_delete",
]
EventName = Literal[RecordEventName, "view", "list", "auth"]


@dataclass(slots=True, kw_only=True)
class RecordEvent:
    """A record is about to be written (`tx` is the open transaction) or was (`tx` is None).

    A before-hook may set `record.values`; they are checked again afterwards. `original` is
    the record before an update. `actor` is None for guests and for writes by the service.
    """

    collection: Collection
    record: Record
    original: Record | None = None
    request: RequestFacts = NOBODY
    tx: Transaction | None = None

    @property
    def actor(self) -> Actor | None:
        return self.request.actor


@dataclass(slots=True, kw_only=True)
class ViewEvent:
    """A record is about to be shown: viewed, listed, expanded or sent by realtime.

    `hide` and `put` change what this caller gets, never what is stored.
    """

    collection: Collection
    record: Record
    request: RequestFacts = NOBODY
    hidden: set[str] = field(default_factory=set[str])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def actor(self) -> Actor | None:
        return self.request.actor

    def hide(self, *names: str) -> None:
        """Leave fields out."""
        self.hidden.update(names)

    def put(self, name: str, value: Any) -> None:
        """Add a key, or show another value for a field."""
        self.extra[name] = value


@dataclass(slots=True, kw_only=True)
class ListEvent:
    """A page of records was found; `records` may be changed, or raise to refuse."""

    collection: Collection
    records: list[Record]
    request: RequestFacts = NOBODY

    @property
    def actor(self) -> Actor | None:
        return self.request.actor


@dataclass(slots=True, kw_only=True)
class AuthEvent:
    """A record has proved who it is and is about to get a token; raise to refuse.

    `method` is one of password, otp, oauth2, refresh, impersonate.
    """

    collection: Collection
    record: Record
    method: str
    request: RequestFacts = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEvent:
    """A request to a route of a hook. `params` are the pattern's {placeholders}."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    client_ip: str
    actor: Actor | None
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises: BadRequest when it is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadRequest from error


@dataclass(frozen=True, slots=True)
class Reply:
    """A route's answer when plain JSON or text with status 200 is not enough."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


class JobEvent(Protocol):
    """A background job that runs; `attempt` is 1 at the first."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def payload(self) -> Any: ...

    @property
    def attempt(self) -> int: ...
