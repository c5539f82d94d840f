"""The headers that every answer carries, as ready-made tuples, and CORS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenfold.api.http import JSON, Headers

VARY: Headers = (("vary", "Origin"),)

# The server header would otherwise name the HTTP library.
SERVER: Headers = (("server", "Tenfold"),)

SECURITY: Headers = (
    ("cross-origin-opener-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "1; mode=block"),
)

DEFAULTS: Headers = VARY + SECURITY + SERVER

# The hot path: a JSON answer to a caller without an Origin adds nothing per request.
JSON_DEFAULTS: Headers = JSON + DEFAULTS

_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"


def with_defaults(headers: Headers) -> Headers:
    """Join a response's own headers to the defaults.

    A header the response sets itself wins; one that it sets to "" is not sent at all.
    """
    if headers is JSON:
        return JSON_DEFAULTS
    own = {name.lower() for name, _ in headers}
    if not all(value for _, value in headers):
        headers = tuple(pair for pair in headers if pair[1])
    return headers + tuple(pair for pair in DEFAULTS if pair[0] not in own or pair[0] == "vary")


@dataclass(frozen=True, slots=True)
class Cors:
    """Which origins may read answers; "*" is any."""

    origins: Sequence[str] = ("*",)

    def allowed(self, origin: str) -> str:
        """The Access-Control-Allow-Origin value for an origin; "" when it may not read."""
        if "*" in self.origins:
            return "*"
        return origin if origin.lower() in {item.lower() for item in self.origins} else ""

    def answer_headers(self, origin: str) -> Headers:
        """What an ordinary answer to this origin adds."""
        allowed = self.allowed(origin)
        return (("access-control-allow-origin", allowed),) if allowed else ()

    def preflight_headers(self, origin: str, asked_headers: str) -> Headers:
        """The whole header list of an answer to OPTIONS; an empty origin is no preflight."""
        allowed = self.allowed(origin) if origin else ""
        if not allowed:
            return VARY + SERVER
        asked = (("access-control-allow-headers", asked_headers),) if asked_headers else ()
        return (
            *asked,
            ("access-control-allow-methods", _METHODS),
            ("access-control-allow-origin", allowed),
            ("vary", "Origin"),
            ("vary", "Access-Control-Request-Method"),
            ("vary", "Access-Control-Request-Headers"),
            *SERVER,
        )
