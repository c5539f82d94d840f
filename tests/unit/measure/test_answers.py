"""Answers are read the same however their bytes are cut; nonsense is refused, never waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.measure.load.answers import HEAD_LIMIT, AnswerReader, BadAnswer, Chunks

LIMIT = 10_000


def sized(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nX: y\r\n\r\n%b" % (len(body), body)


def chunked(body: bytes, size: int = 7) -> bytes:
    chunks = [body[n : n + size] for n in range(0, len(body), size)]
    framed = b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


def cut(whole: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({place % (len(whole) + 1) for place in cuts} - {0, len(whole)})]
    return [whole[a:b] for a, b in zip(places, [*places[1:], len(whole)], strict=True)]


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_cut_anywhere(body: bytes, cuts: list[int], is_chunked: bool) -> None:
    reader = AnswerReader(LIMIT)
    *blocks, last = cut(chunked(body) if is_chunked else sized(body), cuts)
    assert not any(reader.feed(block) for block in blocks)
    assert reader.feed(last)
    assert reader.body == body
    assert reader.status == (404 if is_chunked else 200)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=30))
def test_any_bytes(blocks: list[bytes]) -> None:
    """Either more is waited for, or it is refused; nothing else is raised."""
    reader = AnswerReader(LIMIT)
    try:
        for block in blocks:
            reader.feed(block)
    except BadAnswer:
        pass


@given(st.binary(max_size=200), st.lists(st.integers(0, 500), max_size=5))
def test_any_chunks(data: bytes, cuts: list[int]) -> None:
    chunks = Chunks()
    try:
        found = b"".join(chunks.feed(block) for block in cut(data, cuts))
    except BadAnswer:
        return
    assert len(found) <= len(data)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nto the end of the connection",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        b"x" * (HEAD_LIMIT + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 300,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n" + b"x" * 10_001,
    ],
)
def test_refused(answer: bytes) -> None:
    with pytest.raises(BadAnswer):
        AnswerReader(LIMIT).feed(answer)


def test_one_after_another() -> None:
    reader = AnswerReader(LIMIT)
    for body in (b"one", b"", b"three"):
        assert reader.feed(sized(body))
        assert reader.body == body
        assert not reader.is_last
        reader.reset()
    assert reader.feed(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    assert reader.is_last
