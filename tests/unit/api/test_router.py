"""Routes are found as Go's multiplexer would find them."""

import pytest

from tenfold.api.http import Request, Response, Route
from tenfold.api.router import Router, clean_path
from tenfold.errors import OperatorError


async def _nothing(request: Request) -> Response:
    return Response()


def _router(*patterns: str) -> Router:
    routes: list[Route] = []
    for pattern in patterns:
        method, _, path = pattern.partition(" ")
        routes.append(Route(method, path, _nothing))
    return Router(routes)


def _found(router: Router, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    segments = path.split("/")
    leaf = router.find(method, segments)
    return None if leaf is None else (leaf.route.pattern, leaf.params(segments))


ROUTES = (
    "GET /api/collections/{collection}",
    "GET /api/collections/meta/scaffolds",
    "GET /api/collections/{collection}/records",
    "POST /api/collections/{collection}/records",
    "GET /api/collections/{collection}/records/{id}",
    "PUT /api/collections/import",
    "PATCH /api/collections/{collection}",
    "GET /{path...}",
    "GET /_/{path...}",
)


@pytest.mark.parametrize(
    ("method", "path", "pattern", "params"),
    [
        ("GET", "/api/collections/a", "/api/collections/{collection}", {"collection": "a"}),
        ("GET", "/api/collections/meta/scaffolds", "/api/collections/meta/scaffolds", {}),
        (
            "GET",
            "/api/collections/meta/records",
            "/api/collections/{collection}/records",
            {"collection": "meta"},
        ),
        (
            "PATCH",
            "/api/collections/import",
            "/api/collections/{collection}",
            {"collection": "import"},
        ),
        ("HEAD", "/api/collections/a", "/api/collections/{collection}", {"collection": "a"}),
        ("GET", "/api/collections", "/{path...}", {"path": "api/collections"}),
        ("GET", "/api/collections/", "/{path...}", {"path": "api/collections/"}),
        ("GET", "/", "/{path...}", {"path": ""}),
        ("GET", "/_/a/b", "/_/{path...}", {"path": "a/b"}),
        (
            "GET",
            "/api/collections/a/records/x y%",
            "/api/collections/{collection}/records/{id}",
            {"collection": "a", "id": "x y%"},
        ),
    ],
)
def test_finds(method: str, path: str, pattern: str, params: dict[str, str]) -> None:
    assert _found(_router(*ROUTES), method, path) == (pattern, params)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/collections/a"), ("POST", "/"), ("POST", "/api/collections//records")],
)
def test_finds_nothing(method: str, path: str) -> None:
    assert _found(_router(*ROUTES), method, path) is None


@pytest.mark.parametrize(
    "patterns",
    [("GET /a", "GET /a"), ("GET /{a}", "GET /{b}"), ("GET a",), ("GET /{a...}/b",)],
)
def test_refuses_patterns(patterns: tuple[str, ...]) -> None:
    with pytest.raises(OperatorError):
        _router(*patterns)


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/a//b", "/a/b"),
        ("/a/../b/./c", "/b/c"),
        ("/..", "/"),
        ("//a/", "/a/"),
        ("/a/.", "/a/"),
        ("/.a", "/.a"),
    ],
)
def test_cleans_paths(path: str, clean: str) -> None:
    assert clean_path(path) == clean
