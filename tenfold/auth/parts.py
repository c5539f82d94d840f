"""What the auth use cases work with, and how a request reaches them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from tenfold.auth.background import Background
from tenfold.auth.passwords import Passwords
from tenfold.auth.record_rules import AccountRules
from tenfold.errors import Unavailable
from tenfold.hooks import HookRegistry
from tenfold.mail import Mail
from tenfold.records import Presenter, RecordWrites
from tenfold.schema.actor import NOBODY, RequestFacts
from tenfold.store.contract import Conflict, Store, Transaction

T = TypeVar("T")

MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class AppFacts:
    """How the app presents itself in mails."""

    name: str
    url: str
    sender_name: str
    sender_address: str


class Hit(Protocol):
    """Count a hit; False when the key's window had `limit` of them before."""

    def __call__(self, key: str, limit: int, window_s: float, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks to be signed in: the request as rules see it, and where it came from.

    `facts.context` says how (password, oauth2, otp).
    """

    facts: RequestFacts = NOBODY
    client_ip: str = ""
    user_agent: str = ""

    @property
    def query(self) -> Mapping[str, str]:
        """The request's query parameters."""
        return self.facts.query

    @property
    def body(self) -> Mapping[str, Any]:
        """What the request brought."""
        return self.facts.body


@dataclass(frozen=True, kw_only=True)
class Auth:
    """The parts of the auth room, handed to every use case.

    `admit_superuser` raises Forbidden for addresses that superusers may not come from.
    """

    store: Store
    writes: RecordWrites
    presenter: Presenter
    passwords: Passwords
    rules: AccountRules
    hooks: HookRegistry
    mail: Mail
    app: Callable[[], AppFacts]
    hit: Hit
    admit_superuser: Callable[[str], None]
    background: Background = field(default_factory=Background)
    clock: Callable[[], float] = time.time

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction, anew when a record changed under it."""
        for _ in range(MAX_ATTEMPTS):
            try:
                return await self.store.write(work)
            except Conflict:
                continue
        raise Unavailable("The account changes too often.")

    def now(self) -> datetime:
        """The time by `clock`."""
        return datetime.fromtimestamp(self.clock(), UTC)
