"""POST /api/sql: SQL for superusers."""

from __future__ import annotations

from time import perf_counter

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import shaped_json
from tenfold.errors import NOT_LOADED, NOT_VALID, BadRequest
from tenfold.schema.values.faults import REQUIRED
from tenfold.store.console import Console, QueryRefused

BODY_LIMIT_BYTES = 1 << 20


def routes(console: Console) -> list[Route]:
    """The route of the console."""

    async def run(request: Request) -> Response:
        query = await _query(request)
        started_at = perf_counter()
        try:
            outcome = await console.run(query)
        except QueryRefused as error:
            raise BadRequest(f"Failed to execute query. Raw error:\n{error}") from error
        answer = {
            "execTime": int((perf_counter() - started_at) * 1000),
            "affectedRows": outcome.affected,
            "columns": [
                {"name": c.name, "type": c.type, "nullable": True} for c in outcome.columns
            ],
            "rows": outcome.rows,
        }
        return shaped_json(request, answer)

    return [Route("POST", "/api/sql", run, superuser_only=True, body_limit_bytes=BODY_LIMIT_BYTES)]


async def _query(request: Request) -> str:
    try:
        query = (await request.json()).get("query")
    except BadRequest:
        raise BadRequest(NOT_LOADED) from None
    if query is None or query == "":
        raise BadRequest(NOT_VALID, {"query": REQUIRED})
    if not isinstance(query, str):
        raise BadRequest(NOT_LOADED)
    return query
