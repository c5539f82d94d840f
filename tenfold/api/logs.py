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
from tenfold.records import Page, parse_paging, parse_shape
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import Catalog
from tenfold.store.logs import LogRow, QueryTooSlow
from tenfold.store.select import Condition, Query

_CATALOG = Catalog((LOGS,))
_TOO_SLOW = "The log is too large for this query: narrow the filter."


def routes(log: RequestLog) -> list[Route]:
    """The routes of the log."""

    async def list_logs(request: Request) -> Response:
        return json_response((await _page(log, request.query)).wire())

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


async def _page(log: RequestLog, query: Mapping[str, str]) -> Page:
    paging = parse_paging(query)
    try:
        sort = check_sort(query.get("sort", ""), LOGS, _CATALOG)
        asked = Query(LOGS, _where(query), sort, paging.per_page, paging.offset)
        rows = await log.select(asked)
        total = -1 if paging.skips_total else await log.count(asked)
    except FilterError as error:
        raise BadRequest() from error
    except QueryTooSlow as error:
        raise BadRequest(_TOO_SLOW) from error
    shape = parse_shape(query.get("fields", ""))
    items = [_wire(row) for row in rows]
    return paging.filled([shape.pick(item) for item in items] if shape else items, total)


def _where(query: Mapping[str, str]) -> tuple[Condition, ...]:
    text = query.get("filter", "")
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
