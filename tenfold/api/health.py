"""GET /api/health."""

from __future__ import annotations

from collections.abc import Callable

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response

# Headers in which proxies commonly name the client; the first that is present is suggested.
_PROXY_HEADERS = ("cf-connecting-ip", "fly-client-ip", "x-forwarded-for", "x-real-ip")


def routes(can_backup: Callable[[], bool]) -> list[Route]:
    """The health route; superusers also learn what the server sees of their connection."""

    async def health(request: Request) -> Response:
        details: dict[str, object] = {}
        if request.actor is not None and request.actor.is_superuser:
            details = {
                "canBackup": can_backup(),
                "possibleProxyHeader": _proxy_header(request),
                "realIP": request.client_ip,
            }
        return json_response({"message": "API is healthy.", "code": 200, "data": details})

    return [Route("GET", "/api/health", health)]


def _proxy_header(request: Request) -> str:
    for name in _PROXY_HEADERS:
        if request.header(name):
            return "-".join(part.capitalize() for part in name.split("-")).replace("Cf-", "CF-")
    return ""
