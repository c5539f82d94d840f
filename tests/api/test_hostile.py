"""Hostile clients: a clear refusal, never an internal error, never a stuck worker."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import started
from tests.api.sockets import CLOSE, JSON, NOTES, exchange, request
from tests.targets import Tenfold

RECORDS = "/api/collections/notes/records"
MULTIPART = b"Content-Type: multipart/form-data; boundary=B\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
RESET = 0  # the connection ends without an answer


@pytest.fixture(autouse=True)
def goes_on(tenfold: Tenfold) -> Iterator[None]:
    """Whatever a test does, the server answers right after it."""
    yield
    started_at = time.monotonic()
    answer = httpx.get(f"{tenfold.url}{RECORDS}?perPage=1", timeout=5)
    assert answer.status_code == 200
    assert time.monotonic() - started_at < 30


HEADS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "noise": (b"\x00\x01\x02\xff\r\n\r\n", (400,)),
    "another version": (b"GET / HTTP/9.9\r\n\r\n", (400,)),
    "http/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, RESET)),
    "a long target": (request(b"GET", b"/" + b"a" * 70_000), (414, 431)),
    "a long header": (request(b"GET", b"/", b"X: " + b"a" * 1_000_000 + b"\r\n"), (431,)),
    "many headers": (request(b"GET", b"/", *(b"X%d: a\r\n" % n for n in range(2000))), (431,)),
    "a space in a name": (request(b"GET", b"/", b"X Y: a\r\n"), (400,)),
    "a NUL in a value": (request(b"GET", b"/", b"X: a\0b\r\n"), (400,)),
    "a folded header": (request(b"GET", b"/", b"X: a\r\n b\r\n"), (400,)),
    "bytes in the path": (request(b"GET", b"/api/\xff\xfe", CLOSE), (400, 404)),
    "escaped bytes in the path": (request(b"GET", b"/api/%ff%00%zz", CLOSE), (400, 404)),
    "a space in the path": (request(b"GET", b"/api/a b", CLOSE), (400,)),
    "an unknown method": (request(b"BREW", b"/api/health", CLOSE), (404, 405)),
    "CONNECT": (request(b"CONNECT", b"a:80", CLOSE), (400, 404)),
    "TRACE": (request(b"TRACE", b"/api/health", CLOSE), (404, 405)),
    "websocket": (request(b"GET", NOTES, b"Upgrade: websocket\r\n", CLOSE), (200,)),
}


@pytest.mark.parametrize(("sent", "statuses"), HEADS.values(), ids=HEADS)
def test_heads(tenfold: Tenfold, sent: bytes, statuses: tuple[int, ...]) -> None:
    heard = exchange(tenfold.port, sent)
    assert heard.status in statuses
    assert heard.is_closed


def post(*headers: bytes, body: bytes) -> bytes:
    return request(b"POST", NOTES, JSON, *headers, body=body)


LENGTH = b"Content-Length: %s\r\n"
SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMES: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "two lengths": (post(LENGTH % b"2", LENGTH % b"3", body=b"{} "), (400,)),
    "a list of lengths": (post(LENGTH % b"2, 2", body=b"{}"), (400,)),
    "a negative length": (post(LENGTH % b"-2", body=b"{}"), (400,)),
    "a signed length": (post(LENGTH % b"+2", body=b"{}"), (400,)),
    "an endless length": (post(LENGTH % (b"9" * 30), body=b"{}"), (400, 413)),
    "a huge length": (post(LENGTH % b"99999999999", body=b"{}"), (413,)),
    "length and chunks": (
        post(LENGTH % b"4", CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n" + SMUGGLED),
        (200, 400),
    ),
    "chunks, then more": (
        post(b"Transfer-Encoding: chunked, identity\r\n", body=b"2\r\n{}\r\n0\r\n\r\n"),
        (400, 501),
    ),
    "an unknown coding": (post(b"Transfer-Encoding: x\r\n", body=b"2\r\n{}\r\n0\r\n\r\n"), (400,)),
    "a space before the colon": (
        post(b"Transfer-Encoding : chunked\r\n", body=b"2\r\n{}\r\n0\r\n\r\n"),
        (400,),
    ),
    "a chunk size that is none": (post(CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n"), (400,)),
    "a chunk of 2**68": (post(CHUNKED, body=b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n"), (400,)),
    "a chunk extension without end": (
        post(CHUNKED, body=b"2;" + b"a" * 200_000 + b"\r\n{}\r\n0\r\n\r\n"),
        (400,),
    ),
    "trailers without end": (
        post(CHUNKED, body=b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"),
        (400,),
    ),
}


@pytest.mark.parametrize(("sent", "statuses"), FRAMES.values(), ids=FRAMES)
def test_frames(tenfold: Tenfold, sent: bytes, statuses: tuple[int, ...]) -> None:
    heard = exchange(tenfold.port, sent)
    assert heard.status in statuses
    assert heard.is_closed
    assert len(heard.statuses) == 1, "nothing may be smuggled behind a request"


def test_bodies_that_stop_early(tenfold: Tenfold) -> None:
    count = _count(tenfold)
    broken = [
        post(LENGTH % b"20", body=b"{}"),
        post(CHUNKED, body=b"2\r\n{}\r\n"),
        request(b"POST", NOTES, MULTIPART, LENGTH % b"900", body=b"--B\r\n"),
        request(b"POST", NOTES, MULTIPART, CHUNKED, body=b"5\r\n--B\r\n\r\n"),
    ]
    for sent in broken:
        heard = exchange(tenfold.port, sent, ends=True)
        assert (heard.status, heard.is_closed) == (400, True)
    assert _count(tenfold) == count


def _count(server: Tenfold) -> int:
    return httpx.get(f"{server.url}{RECORDS}").json()["totalItems"]


# --- slow clients -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    """A server that waits for a client for one second."""
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "tenfold.toml").write_text("request_timeout_s = 1\n")
    with started(folder) as server:
        yield server


@pytest.mark.parametrize(
    ("sent", "drip", "status"),
    [
        (b"", b"", RESET),
        (b"GET / HTTP/1.1\r\n", b"X", RESET),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n", RESET),
        (request(b"GET", b"/api/health"), b"", 200),
        (post(LENGTH % b"1000", body=b""), b"", 408),
        (post(LENGTH % b"1000", body=b""), b" ", 408),
        (post(CHUNKED, body=b""), b"1\r\n \r\n", 408),
        (request(b"POST", NOTES, MULTIPART, LENGTH % b"9000", body=b"--B\r\n"), b"X", 408),
    ],
)
def test_slow_clients_are_cut_off(hasty: Tenfold, sent: bytes, drip: bytes, status: int) -> None:
    heard = exchange(hasty.port, sent, drip=drip, limit_s=6)
    assert (heard.status, heard.is_closed) == (status, True)
    assert heard.duration_s < 4


def test_many_idle_connections_are_in_nobodys_way(tenfold: Tenfold) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(socket.create_connection(("127.0.0.1", tenfold.port)))
            half = stack.enter_context(socket.create_connection(("127.0.0.1", tenfold.port)))
            half.sendall(post(LENGTH % b"1000", body=b"{"))
        started_at = time.monotonic()
        for _ in range(20):
            assert httpx.get(f"{tenfold.url}/api/health").status_code == 200
        assert time.monotonic() - started_at < 30


def test_a_client_that_reads_nothing_costs_no_memory(tenfold: Tenfold) -> None:
    """Pipelines requests for much data and never reads: the server stops taking more."""
    for _ in range(60):
        httpx.post(f"{tenfold.url}{RECORDS}", json={"body": "x" * 10_000, "title": "big"})
    wanted = request(b"GET", NOTES + b"?perPage=100&filter=title='big'")
    before = _memory_bytes(tenfold)
    with socket.create_connection(("127.0.0.1", tenfold.port)) as deaf:
        deaf.settimeout(1)
        try:
            deaf.sendall(wanted * 2000)
        except TimeoutError:
            pass
        time.sleep(1)
        assert _memory_bytes(tenfold) - before < 200 << 20


def _memory_bytes(server: Tenfold) -> int:
    assert server.process is not None
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


# --- bodies -----------------------------------------------------------------------------

BODIES: list[bytes] = [
    b"{",
    b"}",
    b"[]",
    b'"text"',
    b"1",
    b"nul",
    b"{'a': 1}",
    b'{"title": "a",}',
    b'{"title": "a"} {"title": "b"}',
    b'{"title": "a", "title": "b"}',
    b'{"title": "\xff\xfe"}',
    b'{"title": "\\ud800"}',
    b'{"title": "\\u12"}',
    b"\xef\xbb\xbf{}",
    b"\x00" * 100,
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"meta":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"rank": 1e999}',
    b'{"rank": -' + b"9" * 5000 + b"}",
    b'{"rank": 0.' + b"1" * 100_000 + b"}",
]


@pytest.mark.parametrize("body", BODIES, ids=[repr(body[:20]) for body in BODIES])
def test_malformed_json(tenfold: Tenfold, body: bytes) -> None:
    for path in (RECORDS, "/api/batch", "/api/collections/users/auth-with-password"):
        headers = {"content-type": "application/json"}
        answer = httpx.post(f"{tenfold.url}{path}", content=body, headers=headers)
        _expect_clear_answer(answer)
        assert answer.status_code == 400 or path == RECORDS


WRONG: list[object] = [
    None,
    True,
    -1,
    1e308,
    "",
    "\0",
    "\ud7ff\U0010ffff",
    "x" * 200_000,
    [],
    [[]],
    [None, {}, 1],
    {},
    {"": None},
    {"lon": "x", "lat": []},
    {"+": {"-": {":": 1}}},
    list(range(1000)),
]


@pytest.mark.parametrize("value", WRONG, ids=[repr(value)[:20] for value in WRONG])
def test_values_of_the_wrong_type(tenfold: Tenfold, value: object) -> None:
    names = ["title", "body", "rank", "done", "mail", "link", "day", "state", "meta", "place"]
    with httpx.Client(base_url=tenfold.url) as client:
        for name in [*names, "docs", "code", "id", "created", "nope", "collectionId", "expand"]:
            for key in (name, f"+{name}", f"{name}+", f"{name}-", f"{name}:autogenerate"):
                _expect_clear_answer(client.post(RECORDS, json={key: value}))


def test_a_huge_body_is_refused_at_once(tenfold: Tenfold) -> None:
    sent = post(LENGTH % b"40000000", body=b"")
    heard = exchange(tenfold.port, sent)
    assert heard.status == 413
    assert heard.is_closed
    assert heard.duration_s < 1


def test_a_huge_body_of_unknown_length_is_cut_off(tenfold: Tenfold) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 20)

    headers = {"content-type": "application/json"}
    try:
        answer = httpx.post(f"{tenfold.url}{RECORDS}", content=endless(), headers=headers)
    except httpx.TransportError:
        return  # cut off while it was still sending
    assert answer.status_code == 413


PARTS: list[bytes] = [
    b"",
    b"--B",
    b"--B--",
    b"--B\r\n\r\n\r\n--B--",
    b"--C\r\n\r\nx\r\n--C--\r\n",
    b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nno end',
    b'--B\r\nContent-Disposition: form-data; name="docs"; filename="\xff\0../a"\r\n\r\nx\r\n--B--',
    b'--B\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--B--\r\n',
    b"--B\r\nContent-Disposition: " + b"x" * 100_000 + b"\r\n\r\nx\r\n--B--\r\n",
    b"--B\r\n" + b"X: y\r\n" * 100 + b"\r\nx\r\n--B--\r\n",
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 2000 + b"--B--\r\n",
    b'--B\r\nContent-Disposition: form-data; name="@jsonPayload"\r\n\r\n[1\r\n--B--\r\n',
    b'--B\r\nContent-Disposition: form-data; name="@jsonPayload"; filename="a"\r\n\r\n{}\r\n--B--',
    b'--B\r\nContent-Disposition: form-data; name="docs"; filename="a.svg"\r\n\r\n\r\n--B--\r\n'
    * 9,
]


@pytest.mark.parametrize("body", PARTS, ids=[repr(body[-30:]) for body in PARTS])
def test_malformed_multipart(tenfold: Tenfold, body: bytes) -> None:
    for path in (RECORDS, "/api/batch"):
        headers = {"content-type": "multipart/form-data; boundary=B"}
        answer = httpx.post(f"{tenfold.url}{path}", content=body, headers=headers)
        _expect_clear_answer(answer)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=" + "x" * 999,
        "text/xml",
        "/",
        "a;b=;",
    ],
)
def test_content_types(tenfold: Tenfold, kind: str) -> None:
    answer = httpx.post(f"{tenfold.url}{RECORDS}", content=b"x", headers={"content-type": kind})
    assert answer.status_code == 400
    _expect_clear_answer(answer)


@pytest.mark.parametrize("body", [b"&" * 50_000, b"a=1&" * 20_000, b"a=%zz", b"%00=%00", b"a;b"])
def test_forms(tenfold: Tenfold, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    _expect_clear_answer(httpx.post(f"{tenfold.url}{RECORDS}", content=body, headers=headers))


def test_no_upload_stays_behind(tenfold: Tenfold) -> None:
    big = (
        b'--B\r\nContent-Disposition: form-data; name="docs"; filename="a"\r\n\r\n' + b"x" * 99_999
    )
    exchange(
        tenfold.port,
        request(b"POST", NOTES, MULTIPART, LENGTH % b"9999999", body=big),
        ends=True,
    )
    assert not list(tenfold.dir.glob(".uploads/*"))


# --- queries and paths ------------------------------------------------------------------

BOMBS: list[str] = [
    "(" * 5000,
    "(" * 500 + "title='a'" + ")" * 500,
    "&&".join(["title='a'"] * 500),
    "title=" + "'a' || title=" * 300 + "'b'",
    "title ~ '" + "%" * 500 + "'",
    "title ~ '" + "%a" * 400 + "'",
    "title ~ '" + "_" * 5000 + "'",
    "title = '" + "\\" * 1000,
    "title = '\0'",
    "rank > " + "9" * 5000,
    "meta" + ".a" * 2000 + " = 1",
    "notes_via_" * 50 + "a = 1",
    "title:" + "each:length:lower" * 50 + " = 1",
    "@collection." + "notes." * 100 + "title = 1",
    "geoDistance(" * 50,
    "geoDistance(place.lon, place.lat, 1, 2) < 1",
    "strftime('" + "%Y" * 5000 + "', day) = 1",
    "title = @now && day > @yesterday || 1 = 1",
    "1 = 1 /*",
    "id = 1; DROP TABLE notes",
    "title ?= ?",
    "\ud7ff = \U0010ffff",
]


@pytest.mark.parametrize("text", BOMBS, ids=[repr(text[:24]) for text in BOMBS])
def test_filter_bombs(tenfold: Tenfold, text: str) -> None:
    with httpx.Client(base_url=tenfold.url, timeout=10) as client:
        for parameters in ({"filter": text}, {"sort": text}, {"expand": text}, {"fields": text}):
            _expect_clear_answer(client.get(RECORDS, params=parameters))


@pytest.mark.parametrize(
    "query",
    [
        "page=-1&perPage=999999999999",
        "page=99999999999999999999999999",
        "page=1e9",
        "page=%00",
        "perPage=0x10",
        "perPage=" + "9" * 5000,
        "page=\u0661",
        "sort=" + ",".join(["-title"] * 500),
        "sort=@random,@rowid",
        "expand=" + ",".join(["a.b.c.d.e.f.g.h"] * 200),
        "fields=" + ",".join(["a.b.c"] * 2000),
        "fields=title:excerpt(99999999999999999999,true)",
        "&" * 5000,
        "=" * 5000,
        "filter=%",
        "filter=%ff",
        "filter=a&filter=b&filter[]=c",
        "skipTotal=maybe",
    ],
)
def test_queries(tenfold: Tenfold, query: str) -> None:
    started_at = time.monotonic()
    _expect_clear_answer(httpx.get(f"{tenfold.url}{RECORDS}?{query}"))
    assert time.monotonic() - started_at < 30


def test_patterns_are_matched_in_linear_time(tenfold: Tenfold) -> None:
    started_at = time.monotonic()
    answer = httpx.post(f"{tenfold.url}{RECORDS}", json={"code": "a" * 4_999 + "!"})
    assert answer.status_code == 400
    assert time.monotonic() - started_at < 30


@pytest.mark.parametrize(
    "path",
    [
        "/api/files/notes/x/..%2f..%2fdata.db",
        "/api/files/notes/..%2f..%2f..%2f/data.db",
        "/api/files/notes/x/%2e%2e%2f%2e%2e%2fdata.db",
        "/api/files/notes/x/..%5c..%5cdata.db",
        "/api/files/notes/x/a.txt%00.png",
        "/..%2f..%2fdata%2fdata.db",
        "/%2e%2e/%2e%2e/data/data.db",
        "/..%5c..%5cdata",
        "//etc/passwd",
        "/%00",
        "/" + "a/" * 5000,
        "/" + "%2e%2e/" * 500 + "etc/passwd",
        "/api/collections/..%2f/records",
        "/api/collections/%00/records/%00",
        "/api/collections/notes/records/" + "x" * 10_000,
        "/api/collections/" + "n" * 10_000 + "/records",
        "/api/collections/notes'--/records",
        "/_/..%2f..%2fdata.db",
    ],
)
def test_paths_lead_nowhere(tenfold: Tenfold, path: str) -> None:
    heard = exchange(tenfold.port, request(b"GET", path.encode(), CLOSE))
    assert 300 <= heard.status < 500
    assert b"SQLite" not in heard.received and b"root:" not in heard.received


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "Bearer",
        "Bearer " + "a" * 30_000,
        "a.b.c",
        "eyJhbGciOiJub25lIn0.eyJpZCI6IngiLCJ0eXBlIjoiYXV0aCJ9.",
        "eyJhbGciOiJIUzI1NiJ9." + "e30" * 9000 + ".x",
        "....",
        "eyJhbGciOiJIUzI1NiJ9.bnVsbA.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.W10.AAAA",
    ],
)
def test_tokens_that_prove_nothing(tenfold: Tenfold, token: str) -> None:
    headers = {"Authorization": token}
    assert httpx.get(f"{tenfold.url}{RECORDS}", headers=headers).status_code == 200
    answer = httpx.get(f"{tenfold.url}/api/settings", headers=headers)
    assert answer.status_code == 401
    _expect_clear_answer(answer)


def test_costly_requests_hold_up_nobody(tenfold: Tenfold) -> None:
    """Many expensive filters at once; a small read in between answers soon."""
    costly = "||".join(f"title ~ '%{n}%a%b%'" for n in range(100))

    def ask(_: int) -> int:
        return httpx.get(
            f"{tenfold.url}{RECORDS}", params={"filter": costly}, timeout=30
        ).status_code

    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(ask, range(40))
        for _ in range(10):
            started_at = time.monotonic()
            assert httpx.get(f"{tenfold.url}/api/health").status_code == 200
            assert time.monotonic() - started_at < 30
        assert {status < 500 for status in answers} == {True}


def _expect_clear_answer(answer: httpx.Response) -> None:
    """Below 500, and an error says so in PocketBase's shape."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        shown = json.loads(answer.content)
        assert set(shown) == {"data", "message", "status"}
        assert shown["status"] == answer.status_code
        assert shown["message"]


def _repeated(head: str, item: str, count: int, tail: str) -> bytes:
    return (head + ",".join([item] * count) + tail).encode()


COSTLY: dict[str, tuple[str, bytes]] = {
    "numbers": ("json", _repeated('{"meta":[', "1", 15_000_000, "]}")),
    "objects": ("json", _repeated('{"meta":[', '{"a":1}', 3_000_000, "]}")),
    "numbers, not too many": ("json", _repeated('{"meta":[', "1", 900_000, "]}")),
    "huge numbers": ("json", _repeated('{"meta":[', "12345678901234567", 900_000, "]}")),
    "keys": ("json", b"{" + b",".join(b'"k%d":1' % n for n in range(900_000)) + b"}"),
    "a list of choices": ("json", _repeated('{"state":[', '"a"', 900_000, "]}")),
    "a list of files": ("json", _repeated('{"docs":[', '"a"', 900_000, "]}")),
    "what to remove": ("json", _repeated('{"state-":[', '"a"', 900_000, "]}")),
    "commas in a text": ("json", b'{"title":"' + b"," * 20_000_000 + b'"}'),
    "escapes": ("x-www-form-urlencoded", b"title=" + b"%41" * 9_000_000),
    "entries": ("json", _repeated('{"requests":[', '{"method":"PUT","url":"/"}', 900_000, "]}")),
    "values of a batch": (
        "json",
        _repeated(
            '{"requests":[',
            '{"method":"POST","url":"/api/collections/notes/records","body":{"a":['
            + ",".join(["1"] * 15_000)
            + "]}}",
            50,
            "]}",
        ),
    ),
}


@pytest.mark.parametrize(("kind", "body"), COSTLY.values(), ids=COSTLY)
def test_costly_bodies_hold_up_nobody(tenfold: Tenfold, kind: str, body: bytes) -> None:
    path = "/api/batch" if body.startswith(b'{"requests"') else RECORDS
    headers = {"content-type": f"application/{kind}"}
    with ThreadPoolExecutor(1) as thread:
        sent = thread.submit(
            httpx.post, f"{tenfold.url}{path}", content=body, headers=headers, timeout=60
        )
        longest_s = 0.0
        while not sent.done():
            started_at = time.monotonic()
            httpx.get(f"{tenfold.url}/api/health", timeout=30)
            longest_s = max(longest_s, time.monotonic() - started_at)
        _expect_clear_answer(sent.result())
    assert longest_s < 4
