"""Conditions and byte ranges."""

from pathlib import Path

import pytest

from tenfold.api.http import Request, Response, Route
from tenfold.api.ranges import bytes_response, file_response
from tenfold.api.request import HttpRequest
from tenfold.api.router import Leaf
from tests.unit.api.wire import FakeProto, FakeScope, Headers

BODY = b"0123456789"
ETAG = '"abc"'
AT = 1_700_000_000.5
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"


async def _nothing(request: Request) -> Response:
    return Response()


def _request(*headers: tuple[str, str]) -> HttpRequest:
    leaf = Leaf(Route("GET", "/", _nothing), ())
    return HttpRequest(FakeScope(headers=Headers(headers)), FakeProto(), leaf, ["", ""])


def _answer(*headers: tuple[str, str]) -> Response:
    return bytes_response(
        _request(*headers), BODY, content_type="text/plain", etag=ETAG, modified_at=AT
    )


@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-", 206, b"56789"),
        ("bytes=0-999", 206, BODY),
        ("bytes=-999", 206, BODY),
        ("bytes=2-4, 6-7", 200, BODY),
        ("bytes=20-30", 416, b"invalid range: failed to overlap\n"),
        ("bytes=4-2", 416, b"invalid range\n"),
        ("bytes=a-b", 416, b"invalid range\n"),
        ("bytes=\u0661-", 416, b"invalid range\n"),
        ("bytes=1", 416, b"invalid range\n"),
        ("bytes=--1", 416, b"invalid range\n"),
        ("lines=1-2", 416, b"invalid range\n"),
        ("bytes=" + "9" * 5000 + "-", 416, b"invalid range: failed to overlap\n"),
        ("bytes=" + ",".join(["0-1"] * 10_000), 416, b"invalid range\n"),
    ],
)
def test_ranges(text: str, status: int, body: bytes) -> None:
    response = _answer(("range", text))
    assert (response.status, response.body) == (status, body)


def test_headers_of_a_part() -> None:
    headers = dict(_answer(("range", "bytes=2-4")).headers)
    assert headers["content-range"] == "bytes 2-4/10"
    assert headers["content-length"] == "3"
    assert headers["etag"] == ETAG
    assert headers["last-modified"] == DATE


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("if-none-match", ETAG)], 304),
        ([("if-none-match", f'"x", W/{ETAG}')], 304),
        ([("if-none-match", "*")], 304),
        ([("if-none-match", '"x"'), ("if-modified-since", DATE)], 200),
        ([("if-modified-since", DATE)], 304),
        ([("if-modified-since", EARLIER)], 200),
        ([("if-modified-since", "junk")], 200),
        ([("if-match", '"x"')], 412),
        ([("if-match", ETAG)], 200),
        ([("if-unmodified-since", EARLIER)], 412),
        ([("if-unmodified-since", DATE)], 200),
        ([("range", "bytes=0-1"), ("if-range", ETAG)], 206),
        ([("range", "bytes=0-1"), ("if-range", '"x"')], 200),
        ([("range", "bytes=0-1"), ("if-range", f"W/{ETAG}")], 200),
        ([("range", "bytes=0-1"), ("if-range", DATE)], 206),
        ([("range", "bytes=0-1"), ("if-range", EARLIER)], 200),
    ],
)
def test_conditions(headers: list[tuple[str, str]], status: int) -> None:
    assert _answer(*headers).status == status


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(BODY)
    whole = file_response(_request(), path, content_type="text/plain")
    part = file_response(_request(("range", "bytes=1-2")), path, content_type="text/plain")
    assert (whole.status, whole.file, whole.file_range) == (200, str(path), None)
    assert (part.status, part.file_range) == (206, (1, 3))
