"""HTTP itself: connections, framing, conditional and partial answers, redirects."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.api.sockets import CLOSE, JSON, NOTES, exchange, request
from tests.targets import Tenfold

RECORDS = "/api/collections/notes/records"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def test_pipelined_requests_are_answered_in_order(tenfold: Tenfold) -> None:
    wanted = [b"/api/health", b"/api/nope", b"/api/settings", NOTES]
    sent = b"".join(request(b"GET", target) for target in wanted[:-1])
    heard = exchange(tenfold.port, sent + request(b"GET", wanted[-1], CLOSE))
    assert heard.statuses == (200, 404, 401, 200)
    assert heard.is_closed


def test_http_1_0_is_answered_and_closed(tenfold: Tenfold) -> None:
    heard = exchange(tenfold.port, b"GET /api/health HTTP/1.0\r\n\r\n")
    assert (heard.status, heard.is_closed) == (200, True)


def test_chunked_bodies(tenfold: Tenfold) -> None:
    body = b'a\r\n{"title": \r\n4\r\n"b"}\r\n0\r\n\r\n'
    heard = exchange(tenfold.port, request(b"POST", NOTES, JSON, CHUNKED, CLOSE, body=body))
    assert heard.status == 200
    assert b'"title":"b"' in heard.received


def test_a_client_that_asks_before_it_sends(tenfold: Tenfold) -> None:
    expects = b"Expect: 100-continue\r\n"
    head = request(b"POST", NOTES, JSON, expects, b"Content-Length: 2\r\n", CLOSE)
    assert exchange(tenfold.port, head, limit_s=1).statuses == (100,)
    assert exchange(tenfold.port, head + b"{}").statuses[-1] == 200
    large = request(b"POST", NOTES, JSON, expects, b"Content-Length: 99999999\r\n")
    assert exchange(tenfold.port, large).statuses == (413,)


def test_an_unread_body_does_not_garble_what_follows(tenfold: Tenfold) -> None:
    """GET ignores its body: the next request on the connection is still understood."""
    first = request(b"GET", b"/api/health", b"Content-Length: 5\r\n", body=b"hello")
    heard = exchange(tenfold.port, first + request(b"GET", b"/api/settings", CLOSE))
    assert heard.statuses == (200, 401)


@pytest.mark.parametrize("path", ["/api/health", RECORDS, "/api/nope", "/api/settings"])
def test_head_is_get_without_a_body(tenfold: Tenfold, path: str) -> None:
    got, head = (httpx.request(method, tenfold.url + path) for method in ("GET", "HEAD"))
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//api//health", "/api/health"),
        ("/api/./health?a=b%20c", "/api/health?a=b%20c"),
        ("/api/x/../health", "/api/health"),
        ("/../../api/health", "/api/health"),
        ("//evil.example.com/%2e%2e", "/"),
        ("/a/%0d%0aSet-Cookie:x/..", "/a/"),
    ],
)
def test_paths_that_need_cleaning_are_redirected(
    tenfold: Tenfold, path: str, location: str
) -> None:
    heard = exchange(tenfold.port, request(b"GET", path.encode(), CLOSE))
    assert heard.status == 307
    assert f"\r\nlocation: {location}\r\n".encode() in heard.received


def test_files_in_parts(tenfold: Tenfold) -> None:
    files = [("docs", ("a.txt", b"0123456789", "text/plain"))]
    record = httpx.post(f"{tenfold.url}{RECORDS}", files=files).json()
    url = f"{tenfold.url}/api/files/notes/{record['id']}/{record['docs'][0]}"
    part = httpx.get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    assert httpx.get(url, headers={"Range": "bytes=-3"}).content == b"789"
    assert httpx.get(url, headers={"Range": "bytes=20-"}).status_code == 416
    whole = httpx.get(url)
    assert whole.content == b"0123456789"
    again = httpx.get(url, headers={"If-Modified-Since": whole.headers["last-modified"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_names_the_software_below(tenfold: Tenfold) -> None:
    for path in ("/api/health", "/api/nope", RECORDS):
        answer = httpx.get(tenfold.url + path)
        assert answer.headers["server"] == "Tenfold"
        assert "granian" not in str(answer.headers).lower()


def test_origins_are_heeded(tmp_path: Path) -> None:
    server = Tenfold(tmp_path / "data", options=("--origins", "https://app.example.com"))
    with server:
        answers = [
            httpx.get(f"{server.url}/api/health", headers={"Origin": origin})
            for origin in ("https://app.example.com", "https://evil.example.com")
        ]
    allowed, refused = (a.headers.get("access-control-allow-origin") for a in answers)
    assert (allowed, refused) == ("https://app.example.com", None)


def test_errors_show_nothing_of_the_inside(tenfold: Tenfold) -> None:
    for path in ("?filter=)(", "?sort=nope", "?expand=x.y", "/%00", "?page=x"):
        answer = httpx.get(f"{tenfold.url}{RECORDS}{path}")
        shown = json.dumps(answer.json())
        assert not any(word in shown for word in ("Traceback", "sqlite", "SELECT", ".py", "apsw"))


@pytest.mark.parametrize("size", [2, 70_000, 3_000_000])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/settings"),
        ("POST", "/api/nope"),
        ("GET", "/api/health"),
        ("POST", RECORDS),
        ("POST", "/api/crons/nope"),
    ],
)
def test_a_connection_goes_on_or_is_told_to_end(
    tenfold: Tenfold, method: str, path: str, size: int
) -> None:
    """After an answer to a body that was not read, the client's next request still works."""
    kinds = ["text/plain", "multipart/form-data; boundary=B"]
    with httpx.Client(base_url=tenfold.url) as client:
        for kind in kinds * 5:
            headers = {"content-type": kind}
            client.request(method, path, content=b"x" * size, headers=headers)
            assert client.post(RECORDS, json={"title": "next"}).status_code == 200
