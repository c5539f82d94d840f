"""What the auth use cases work with, and how a request reaches them."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tenfold.auth.oauth2.client import OAuth2Client
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

_log = logging.getLogger(__name__)


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
    """Who asks to be signed in: the request as rules see it, and where it came from."""

    facts: RequestFacts = NOBODY
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    client_ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, kw_only=True)
class Auth:
    """The parts of the auth room, handed to every use case.

    `admit_superuser` raises Forbidden for addresses that superusers may not come from;
    `background` runs a coroutine after the answer was given.
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
    background: Callable[[Coroutine[Any, Any, None]], object]
    oauth2: OAuth2Client = field(default_factory=OAuth2Client)
    clock: Callable[[], float] = time.time

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction, anew when a record changed under it."""
        for _ in range(MAX_ATTEMPTS):
            try:
                return await self.store.write(work)
            except Conflict:
                continue
        raise Unavailable("The account changes too often.")

    def later(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do something after the answer; failures go to the log."""
        self.background(_logged(work, what))


async def _logged(work: Coroutine[Any, Any, None], what: str) -> None:
    try:
        await work
    except Exception:
        _log.exception("%s failed", what)
