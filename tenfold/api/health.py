"""GET /api/health."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import shaped_json

_PROXY_HEADERS = ("CF-Connecting-IP", "Fly-Client-IP", "X-Forwarded-For")
"""In which proxies commonly name the client; the first that is present is suggested."""


def routes(can_backup: Callable[[], bool], trusted: Callable[[], Sequence[str]]) -> list[Route]:
    """The health route; superusers also learn what the server sees of their connection.

    `trusted` are the headers of the proxy that the settings trust.
    """

    async def health(request: Request) -> Response:
        details: dict[str, object] = {}
        if request.actor is not None and request.actor.is_superuser:
            names = (*trusted(), *_PROXY_HEADERS)
            details = {
                "canBackup": can_backup(),
                "possibleProxyHeader": next((n for n in names if request.header(n.lower())), ""),
                "realIP": request.client_ip,
            }
        return shaped_json(request, {"message": "API is healthy.", "code": 200, "data": details})

    return [Route("GET", "/api/health", health)]
