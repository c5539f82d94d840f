"""GET /api/crons and POST /api/crons/{id}: see the crons, run one now."""

from __future__ import annotations

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response, no_content
from tenfold.jobs import Crons
from tenfold.records.shape import parse_shape


def routes(crons: Crons) -> list[Route]:
    """The routes of crons."""

    async def list_crons(request: Request) -> Response:
        shape = parse_shape(request.query.get("fields", ""))
        found = crons.list()
        return json_response([shape.pick(dict(c)) for c in found] if shape else found)

    async def run(request: Request) -> Response:
        crons.run(request.params["id"])
        return no_content()

    return [
        Route("GET", "/api/crons", list_crons, superuser_only=True),
        Route("POST", "/api/crons/{id}", run, superuser_only=True),
    ]
