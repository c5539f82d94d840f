"""Security headers and CORS."""

from __future__ import annotations

import pytest

from tests.differential.pair import Ask, Pair

SECURITY = (
    "cross-origin-opener-policy",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
)
CORS = (
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "vary",
)
RECORDS = "/api/collections/everything/records"
ORIGIN = {"Origin": "https://app.example.com"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/health"),
        ("HEAD", "/api/health"),
        ("GET", RECORDS),
        ("GET", f"{RECORDS}/nope"),
        ("POST", RECORDS),
        ("GET", "/api/nope"),
        ("GET", "/api/settings"),
        ("PATCH", "/api/health"),
    ],
)
@pytest.mark.parametrize("sent", [{}, ORIGIN, {"Origin": "null"}, {"Origin": ""}])
def test_headers_of_answers(pair: Pair, method: str, path: str, sent: dict[str, str]) -> None:
    pair.same(Ask(method, path, headers=sent), headers=(*SECURITY, *CORS), any_order=True)


ASKED = {"Access-Control-Request-Method": "PATCH"}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        ORIGIN,
        ASKED,
        ORIGIN | ASKED,
        ORIGIN | ASKED | {"Access-Control-Request-Headers": "authorization,x-other"},
        ORIGIN | {"Access-Control-Request-Method": "NONSENSE"},
        {"Origin": "not an origin"} | ASKED,
    ],
)
@pytest.mark.parametrize("path", [RECORDS, "/api/health", "/api/nope", "/", "/_/"])
def test_preflight(pair: Pair, path: str, sent: dict[str, str]) -> None:
    pair.same(Ask("OPTIONS", path, headers=sent), headers=(*CORS, *SECURITY))
