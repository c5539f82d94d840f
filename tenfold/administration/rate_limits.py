"""Which rate limit rule a request falls under, and whether it is used up.

A request is known by labels, tried in this order: `collection:tag` and `*:tag` for the tags of
its route, `METHOD /path`, `/path`. For each label a rule of the same name wins over rules that
end in "/" and are a prefix of it; among equals the first in the settings wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from tenfold.administration.addresses import AddressSet
from tenfold.administration.settings_room import SettingsRoom
from tenfold.administration.stored import RateLimitRule, StoredSettings
from tenfold.errors import TooManyRequests

GUEST = "@guest"
AUTH = "@auth"


class HitCounter(Protocol):
    """Counts hits of a key in fixed windows, across the workers of a box."""

    def hit(self, key: str, limit: int, window_s: float) -> bool:
        """Count one; False when the window had `limit` before."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules need to know of a request.

    `collection_id` and `collection_name` are "" and `tags` empty where the route has none.
    """

    method: str
    path: str
    client_ip: str
    is_auth: bool = False
    is_superuser: bool = False
    pattern: str = ""
    tags: tuple[str, ...] = ()
    collection_id: str = ""
    collection_name: str = ""

    def labels(self) -> Iterator[str]:
        """What a rule may call this request, the most specific first."""
        if self.collection_name:
            for tag in self.tags:
                yield f"{self.collection_name}:{tag}"
            for tag in self.tags:
                yield f"*:{tag}"
        yield f"{self.method} {self.path}"
        yield self.path


class RateLimiter:
    """Applies the rules of the stored settings."""

    def __init__(self, room: SettingsRoom, counters: HitCounter) -> None:
        self._counters = counters
        self._follow(room.current())
        room.listen(self._follow)

    def _follow(self, settings: StoredSettings) -> None:
        limits = settings.rate_limits
        self.is_enabled = limits.enabled and bool(limits.rules)
        self._excluded = AddressSet(limits.excluded_ips)
        self._exact: dict[str, list[RateLimitRule]] = {}
        for rule in limits.rules:
            self._exact.setdefault(rule.label, []).append(rule)
        self._prefixes = [rule for rule in limits.rules if rule.label.endswith("/")]
        # Under new rules everyone starts anew, as with PocketBase; all workers agree on this.
        self._generation = crc32(repr(limits.rules).encode())

    def check(self, asked: Asked) -> None:
        """Count the request. Raises: TooManyRequests."""
        if not self.is_enabled or asked.is_superuser or asked.client_ip in self._excluded:
            return
        rule = self.find(asked)
        if rule is None:
            return
        if asked.collection_id and asked.tags:
            scope = f"{asked.collection_id}{asked.pattern}{''.join(asked.tags)}"
        else:
            scope = rule.label
        key = f"{self._generation}{scope}{rule.audience}|{asked.client_ip}"
        if not self._counters.hit(key, rule.max_requests, float(rule.duration)):
            raise TooManyRequests()

    def find(self, asked: Asked) -> RateLimitRule | None:
        """The rule that limits a request, if any."""
        audience = AUTH if asked.is_auth else GUEST
        for label in asked.labels():
            for rule in self._exact.get(label, ()):
                if rule.audience in ("", audience):
                    return rule
            slashed = f"{label}/"
            for rule in self._prefixes:
                if slashed.startswith(rule.label) and rule.audience in ("", audience):
                    return rule
        return None
