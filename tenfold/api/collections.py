"""`/api/collections`: superusers see, make, change, remove and import collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response, no_content, shaped_json
from tenfold.collections import (
    CollectionImport,
    CollectionReads,
    CollectionWrites,
    ViewTrial,
)
from tenfold.errors import NOT_LOADED, BadRequest
from tenfold.schema.defaults import scaffolds
from tenfold.schema.parse import MALFORMED, MALFORMED_TYPE
from tenfold.schema.wire import render_collection

PATH = "/api/collections"


@dataclass(frozen=True)
class CollectionRoutes:
    """The endpoints of the family."""

    reads: CollectionReads
    writes: CollectionWrites
    imports: CollectionImport
    trial: ViewTrial

    def routes(self) -> list[Route]:
        """All of them; only superusers may come in."""
        one = f"{PATH}/{{collection}}"
        found = (
            ("GET", PATH, self.list),
            ("POST", PATH, self.create),
            ("GET", one, self.view),
            ("PATCH", one, self.update),
            ("DELETE", one, self.delete),
            ("DELETE", f"{one}/truncate", self.truncate),
            ("PUT", f"{PATH}/import", self.bring),
            ("GET", f"{PATH}/meta/scaffolds", self.scaffolds),
            ("POST", f"{PATH}/meta/dry-run-view", self.dry_run),
        )
        return [Route(*route, superuser_only=True) for route in found]

    async def list(self, request: Request) -> Response:
        return json_response((await self.reads.list(request.query)).wire())

    async def view(self, request: Request) -> Response:
        return shaped_json(request, self.reads.view(request.params["collection"]))

    async def create(self, request: Request) -> Response:
        made = await self.writes.create(await _body(request, MALFORMED_TYPE))
        return shaped_json(request, render_collection(made))

    async def update(self, request: Request) -> Response:
        sent = await _body(request, MALFORMED)
        changed = await self.writes.update(request.params["collection"], sent)
        return shaped_json(request, render_collection(changed))

    async def delete(self, request: Request) -> Response:
        await self.writes.delete(request.params["collection"])
        return no_content()

    async def truncate(self, request: Request) -> Response:
        await self.writes.truncate(request.params["collection"])
        return no_content()

    async def bring(self, request: Request) -> Response:
        await self.imports.run(await _body(request, NOT_LOADED))
        return no_content()

    async def scaffolds(self, request: Request) -> Response:
        return shaped_json(request, scaffolds())

    async def dry_run(self, request: Request) -> Response:
        tried = await self.trial.run(await _body(request, NOT_LOADED))
        return shaped_json(request, tried)


async def _body(request: Request, message: str) -> Mapping[str, Any]:
    try:
        return await request.json()
    except BadRequest:
        raise BadRequest(message) from None
