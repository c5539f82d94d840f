"""/api/backups: make, list, fetch, upload, remove and put back backups."""

from __future__ import annotations

from typing import Any, cast

from tenfold.api.files import FileActor, blob_response
from tenfold.api.http import Request, Response, Route, Upload
from tenfold.api.responses import no_content, shaped_json
from tenfold.backups import BackupFile, Backups
from tenfold.errors import NOT_LOADED, NOT_VALID, BadRequest, Forbidden
from tenfold.files import ServedFile
from tenfold.schema.values.dates import date_text
from tenfold.schema.values.faults import REQUIRED

NOT_PERMITTED = "Insufficient permissions to access the resource."


def routes(backups: Backups, file_actor: FileActor) -> list[Route]:
    """The routes of backups, for superusers only."""

    async def list_all(request: Request) -> Response:
        return shaped_json(request, [_shown(backup) for backup in await backups.list()])

    async def create(request: Request) -> Response:
        await backups.create(await _name(request))
        return no_content()

    async def upload(request: Request) -> Response:
        await backups.upload(await _file(request))
        return no_content()

    async def download(request: Request) -> Response:
        actor = await file_actor(request.query.get("token", ""), request)
        if actor is None or not actor.is_superuser:
            raise Forbidden(NOT_PERMITTED)
        meta = await backups.get(request.params["key"])
        served = ServedFile(meta, meta.key, "application/zip", is_inline=False)
        return blob_response(request, backups.archives, served)

    async def remove(request: Request) -> Response:
        await backups.delete(request.params["key"])
        return no_content()

    async def restore(request: Request) -> Response:
        await backups.restore(request.params["key"])
        return no_content()

    one = "/api/backups/{key}"
    return [
        Route("GET", "/api/backups", list_all, superuser_only=True),
        Route("POST", "/api/backups", create, superuser_only=True),
        Route("POST", "/api/backups/upload", upload, superuser_only=True, body_limit_bytes=0),
        Route("GET", one, download),
        Route("DELETE", one, remove, superuser_only=True),
        Route("POST", f"{one}/restore", restore, superuser_only=True),
    ]


def _shown(backup: BackupFile) -> dict[str, object]:
    return {
        "modified": date_text(backup.modified_at),
        "key": backup.name,
        "size": backup.size_bytes,
    }


async def _name(request: Request) -> str:
    """The name that a new backup shall have; "" when the client names none."""
    try:
        name: object = (await request.json()).get("name")
    except BadRequest:
        raise BadRequest(NOT_LOADED) from None
    if name is not None and not isinstance(name, str):
        raise BadRequest(NOT_LOADED)
    return name or ""


async def _file(request: Request) -> Upload:
    """The archive in a multipart body."""
    try:
        sent = (await request.json()).get("file")
    except BadRequest:
        raise BadRequest(NOT_LOADED) from None
    items = cast(list[Any], sent) if isinstance(sent, list) else []
    files = [item for item in items if isinstance(item, Upload)]
    if not files:
        raise BadRequest(NOT_VALID, {"file": REQUIRED})
    return files[0]
