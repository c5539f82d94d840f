"""GET /api/crons and POST /api/crons/{id}: see the crons, run one now."""

from __future__ import annotations

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import no_content, shaped_json
from tenfold.jobs import Crons


def routes(crons: Crons) -> list[Route]:
    """The routes of crons."""

    async def list_crons(request: Request) -> Response:
        return shaped_json(request, crons.list())

    async def run(request: Request) -> Response:
        crons.run(request.params["id"])
        return no_content()

    return [
        Route("GET", "/api/crons", list_crons, superuser_only=True),
        Route("POST", "/api/crons/{id}", run, superuser_only=True),
    ]
