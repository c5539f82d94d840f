"""Multipart bodies, in chunks of any size; their files are always removed."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.api.http import Upload
from tenfold.api.multipart import MAX_PARTS, MultipartForm, boundary_of
from tenfold.errors import BadRequest

Part = tuple[str, bytes]


def _body(*parts: Part, end: bytes = b"--BB--\r\n") -> bytes:
    pieces = [b"--BB\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n" for head, value in parts]
    return b"".join(pieces) + end


def _head(name: str, filename: str | None = None, extra: str = "") -> str:
    named = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        named += f'; filename="{filename}"'
    return named + extra


def _read(body: bytes, folder: Path, size: int = 1 << 16) -> dict[str, list[Any]]:
    uploads: list[Upload] = []
    form = MultipartForm(b"BB", str(folder), uploads)
    try:
        for start in range(0, len(body), size):
            form.feed(body[start : start + size])
        values = form.finish()
    finally:
        form.close()
        assert {one.path for one in uploads} == {str(path) for path in folder.iterdir()}
    return values


def _plain(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    def plain(item: Any) -> Any:
        if isinstance(item, Upload):
            return (item.filename, item.content_type, Path(item.path).read_bytes(), item.size_bytes)
        return item

    return {name: [plain(item) for item in items] for name, items in values.items()}


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_reads_texts_and_files(tmp_path: Path, size: int) -> None:
    body = _body(
        (_head("a"), b"x\r\ny"),
        (_head("f", "t.txt", "\r\nContent-Type: text/plain"), b"hello\r\n--B"),
        (_head("a"), b"\xff"),
        (_head("g", ""), b"no file"),
    )
    assert _plain(_read(body, tmp_path, size)) == {
        "a": ["x\r\ny", "\ufffd"],
        "f": [("t.txt", "text/plain", b"hello\r\n--B", 10)],
        "g": ["no file"],
    }


def test_files_larger_than_memory_buffers(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    values = _read(_body((_head("f", "x.bin"), content)), tmp_path)
    assert _plain(values) == {"f": [("x.bin", "", content, len(content))]}


def test_extended_filenames(tmp_path: Path) -> None:
    head = "Content-Disposition: form-data; name=\"f\"; filename*=UTF-8''%e2%82%ac.txt"
    assert _read(_body((head, b"")), tmp_path)["f"][0].filename == "€.txt"


def test_parts_without_a_name_are_skipped(tmp_path: Path) -> None:
    body = _body(("Content-Disposition: form-data", b"1"), ("X: y", b"2"), (_head("a"), b"3"))
    assert _read(body, tmp_path) == {"a": ["3"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        _body((_head("a"), b"x"), end=b""),
        _body((_head("f", "cut.bin"), b"x" * 200_000), end=b""),
        _body((_head("a"), b"x")).replace(b"BB", b"CC"),
        _body((_head("a", extra="\r\nX: " + "y" * 20_000), b"x")),
        _body((_head("a", extra="".join(f"\r\nX{n}: y" for n in range(50))), b"x")),
        _body(*[(_head("a"), b"x")] * (MAX_PARTS + 1)),
        b"--BB\r\nno colon\r\n\r\nx\r\n--BB--\r\n",
    ],
)
def test_refuses(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(BadRequest):
        _read(body, tmp_path)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "a" * 300,
    ],
)
def test_refuses_boundaries(kind: str) -> None:
    with pytest.raises(BadRequest):
        boundary_of(kind)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_never_fails_otherwise(tmp_path: Path, noise: bytes, size: int) -> None:
    for body in (noise, b"--BB\r\n" + noise, _body((_head("a"), noise))):
        try:
            _read(body, tmp_path, size)
        except BadRequest:
            continue
