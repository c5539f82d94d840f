"""Files of a folder as web pages: what is at `public/` is at `/`."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from tenfold.api.http import Headers, Request, Response, Route
from tenfold.api.ranges import file_response
from tenfold.api.responses import redirect
from tenfold.errors import NotFound

INDEX = "index.html"
_MISSING = "File not found."
_SNIFFED_BYTES = 512
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})


def routes(
    folder: Path, *, prefix: str = "/", index_fallback: bool = True, headers: Headers = ()
) -> list[Route]:
    """`GET {prefix}...`: the folder's files. The folder may be missing, and may come later.

    With `index_fallback` unknown paths get the root's index page, as single-page apps need.
    """
    shown = Route("GET", f"{prefix}{{path...}}", _files_of(folder, index_fallback, headers))
    return [shown] if prefix == "/" else [Route("GET", prefix.rstrip("/"), _go_inside), shown]


async def _go_inside(request: Request) -> Response:
    return redirect(f"{request.path}/")


def _files_of(
    folder: Path, index_fallback: bool, headers: Headers
) -> Callable[[Request], Awaitable[Response]]:
    root = folder.resolve()

    async def show(request: Request) -> Response:
        relative = request.params["path"]
        moved = _moved(root, relative, request.path)
        if moved:
            return redirect(moved, 301)
        found = _find(root, relative)
        if found is None and index_fallback:
            found = _find(root, "")
        if found is None:
            raise NotFound(_MISSING)
        return file_response(request, found, content_type=content_type_of(found), headers=headers)

    return show


def _moved(root: Path, relative: str, path: str) -> str:
    """Where a page has its one address: no index.html, folders with a slash, files without."""
    name = path.rpartition("/")[2]
    if name == INDEX and _find(root, relative) is not None:
        return quote(path.removesuffix(INDEX))
    inside = _inside(root, relative)
    if inside is None or relative in ("", "/"):
        return ""
    if name and inside.is_dir():
        return quote(path) + "/"
    if not name and inside.is_file():
        return quote(path.rstrip("/"))
    return ""


def _find(root: Path, relative: str) -> Path | None:
    inside = _inside(root, relative)
    if inside is None:
        return None
    if inside.is_dir():
        inside = inside / INDEX
    return inside if inside.is_file() else None


def _inside(root: Path, relative: str) -> Path | None:
    """The place of a relative path, links followed; None when it is outside of the root."""
    if "\0" in relative or "\\" in relative or len(relative) > 1024:
        return None
    try:
        place = (root / relative.strip("/")).resolve()
        return place if place.is_relative_to(root) and place.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def content_type_of(path: Path) -> str:
    """The media type by the name, else by the first bytes: text or not."""
    kind = mimetypes.guess_type(path.name, strict=False)[0]
    if kind is None:
        with path.open("rb") as file:
            start = file.read(_SNIFFED_BYTES)
        kind = (
            "application/octet-stream"
            if start.translate(None, _CONTROLS) != start
            else "text/plain"
        )
    if kind.startswith("text/") or kind == "application/javascript":
        return f"{kind}; charset=utf-8"
    return kind
