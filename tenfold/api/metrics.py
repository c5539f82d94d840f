"""GET /api/metrics for Prometheus, GET /api/metrics/workers for `tenfold profile`; superusers only.

Not part of PocketBase's API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tenfold.api.dispatch import Activity
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response
from tenfold.telemetry.figures import Sample, Tally
from tenfold.telemetry.prometheus import CONTENT_TYPE, exposition

FIRST_CLIENT_ERROR = 400
FIRST_SERVER_ERROR = 500

Workers = Mapping[str, dict[str, Any]]
"""What each worker tells of itself, by its number: JSON."""


class RequestFigures:
    """What the routes of one worker have answered, by family; the lanes count for themselves."""

    def __init__(self) -> None:
        self._by_route: dict[Route, tuple[str, Tally]] = {}
        self._failures: dict[tuple[str, str], int] = {}

    def note(self, activity: Activity) -> None:
        """Count one answer."""
        route = activity.request.route
        found = self._by_route.get(route)
        if found is None:
            found = self._by_route[route] = (family_of(route), Tally())
        found[1].add(activity.duration_s)
        status = activity.status
        if status >= FIRST_CLIENT_ERROR:
            key = (found[0], "5xx" if status >= FIRST_SERVER_ERROR else "4xx")
            self._failures[key] = self._failures.get(key, 0) + 1

    def samples(self) -> list[Sample]:
        """All figures so far."""
        totals: dict[str, tuple[int, float]] = {}
        for family, tally in self._by_route.values():
            count, total_s = totals.get(family, (0, 0.0))
            totals[family] = count + tally.count, total_s + tally.total_s
        made: list[Sample] = []
        for family, (count, total_s) in totals.items():
            labels = (("family", family), ("lane", "routes"))
            made.append(Sample("tenfold_requests_total", count, labels))
            made.append(Sample("tenfold_request_seconds_total", total_s, labels))
        for (family, kind), count in self._failures.items():
            labels = (("family", family), ("class", kind))
            made.append(Sample("tenfold_request_failures_total", count, labels))
        return made


def family_of(route: Route) -> str:
    """A short name for what a route is about: its tag, or how its path begins."""
    if route.tags:
        return route.tags[0]
    parts = [part for part in route.pattern.split("/") if part and not part.startswith("{")]
    return ("/".join(parts[1:3]) if parts[:1] == ["api"] else "static") or "other"


def routes(gather: Callable[[], Awaitable[Workers]]) -> list[Route]:
    """The routes; `gather` asks all workers of this service."""

    async def metrics(request: Request) -> Response:
        workers = await gather()
        text = exposition((number, _samples(told)) for number, told in workers.items())
        return Response(200, text.encode(), (("content-type", CONTENT_TYPE),))

    async def all_workers(request: Request) -> Response:
        return json_response(await gather())

    return [
        Route("GET", "/api/metrics", metrics, superuser_only=True),
        Route("GET", "/api/metrics/workers", all_workers, superuser_only=True),
    ]


def _samples(told: dict[str, Any]) -> list[Sample]:
    return [
        Sample(name, value, tuple((key, text) for key, text in labels))
        for name, value, labels in told["samples"]
    ]
