"""Who asks, and with what: plain values, so that rules need no HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tenfold.schema.record import Record


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated caller of a request: an auth record and how its token was made."""

    record: Record
    is_superuser: bool
    token_is_refreshable: bool = True


class RequestFacts(msgspec.Struct, frozen=True):
    """Everything `@request.*` can name in a rule or filter.

    `headers` has lower-case keys with "-" as "_"; `body` holds what the client sent, cast to
    the collection's fields where they are known; `context` is one of default, oauth2, otp,
    password, realtime, protectedFile, expand. `is_service`: the operator's own code asks, with
    nobody signed in; it may do what a superuser may.
    """

    actor: Actor | None = None
    method: str = "GET"
    context: str = "default"
    query: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    body: Mapping[str, Any] = msgspec.field(default_factory=dict[str, Any])
    is_service: bool = False

    def with_body(self, body: Mapping[str, Any]) -> RequestFacts:
        """The same request with another body."""
        # Spelled out: a general `replace` takes several times as long, at every write.
        return RequestFacts(
            self.actor, self.method, self.context, self.query, self.headers, body, self.is_service
        )

    @property
    def is_superuser(self) -> bool:
        return self.is_service or (self.actor is not None and self.actor.is_superuser)


NOBODY = RequestFacts()
