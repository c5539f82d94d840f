"""/api/logs: see, count and clear the request log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tenfold.administration import RequestLog
from tenfold.administration.log_rows import LOGS
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response, no_content, shaped_json
from tenfold.errors import BadRequest, NotFound
from tenfold.filters import FilterError, check, check_sort
from tenfold.filters.tokens import split
from tenfold.records.shape import parse_shape
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import Catalog
from tenfold.store.logs import LogRow, QueryTooSlow
from tenfold.store.select import Condition, Query

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 1_000
MAX_PAGE = 1 << 31

_CATALOG = Catalog((LOGS,))
_TOO_SLOW = "The log is too large for this query: narrow the filter."


def routes(log: RequestLog) -> list[Route]:
    """The routes of the log."""

    async def list_logs(request: Request) -> Response:
        return json_response(await _page(log, request.query))

    async def stats(request: Request) -> Response:
        try:
            where = _where(request.query)
        except FilterError as error:
            raise BadRequest("Invalid filter format.") from error
        try:
            hours = await log.per_hour(Query(LOGS, where))
        except QueryTooSlow as error:
            raise BadRequest(_TOO_SLOW) from error
        found = [{"total": total, "date": hour} for hour, total in hours]
        return shaped_json(request, found)

    async def view(request: Request) -> Response:
        row = await log.find(request.params["id"])
        if row is None:
            raise NotFound()
        return shaped_json(request, _wire(row))

    async def clear(request: Request) -> Response:
        del request
        await log.clear()
        return no_content()

    return [
        Route("GET", "/api/logs", list_logs, superuser_only=True),
        Route("GET", "/api/logs/stats", stats, superuser_only=True),
        Route("GET", "/api/logs/{id}", view, superuser_only=True),
        Route("DELETE", "/api/logs", clear, superuser_only=True),
    ]


async def _page(log: RequestLog, query: Mapping[str, str]) -> dict[str, Any]:
    page = min(max(1, _whole_number(query, "page", 1)), MAX_PAGE)
    per_page = _whole_number(query, "perPage", DEFAULT_PER_PAGE)
    per_page = min(per_page, MAX_PER_PAGE) if per_page > 0 else DEFAULT_PER_PAGE
    try:
        sort = check_sort(query.get("sort", "").strip(), LOGS, _CATALOG)
        asked = Query(LOGS, _where(query), sort, per_page, (page - 1) * per_page)
        rows = await log.select(asked)
        skips = query.get("skipTotal", "") in ("1", "t", "T", "true", "TRUE", "True")
        total = -1 if skips else await log.count(asked)
    except FilterError as error:
        raise BadRequest() from error
    except QueryTooSlow as error:
        raise BadRequest(_TOO_SLOW) from error
    return {
        "items": _picked([_wire(row) for row in rows], query),
        "page": page,
        "perPage": per_page,
        "totalItems": total,
        "totalPages": -1 if skips else -(-total // per_page),
    }


def _where(query: Mapping[str, str]) -> tuple[Condition, ...]:
    text = query.get("filter", "").strip()
    if not text:
        return ()
    checked = check(text, LOGS, _CATALOG)
    shape, _ = split(text)
    if any("@request." in part or "@collection." in part for part in shape):
        raise FilterError("only the log's own columns can be filtered")
    return ((checked, NOBODY),)


def _wire(row: LogRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "created": row.created,
        "data": msgspec.Raw(row.data.encode()),
        "message": row.message,
        "level": row.level,
    }


def _picked(items: list[dict[str, Any]], query: Mapping[str, str]) -> list[Any]:
    shape = parse_shape(query.get("fields", ""))
    return [shape.pick(item) for item in items] if shape else list(items)


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    try:
        return int(text) if text else default
    except ValueError:
        raise BadRequest() from None
