"""Types told from content.

`sniffed.json` holds rows of name, MIME type, extension and content (zlib, base64); the types and
extensions are what PocketBase 0.40.6 gave when the content was uploaded to it.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.files.json_head import begins_json
from tenfold.files.signatures import ALIASES
from tenfold.files.sniff import HEAD_BYTES, same_type, sniff

ROWS: list[list[str]] = json.loads((Path(__file__).parent / "sniffed.json").read_text())


@pytest.mark.parametrize(
    ("mime", "extension", "content"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_types_are_those_of_pocketbase(mime: str, extension: str, content: str) -> None:
    kind = sniff(zlib.decompress(b64decode(content)))
    assert (kind.mime, kind.extension) == (mime, extension)


@given(st.binary(max_size=600))
def test_any_bytes_have_a_type(content: bytes) -> None:
    assert "/" in sniff(content).mime


@given(st.sampled_from([zlib.decompress(b64decode(row[3])) for row in ROWS]), st.integers(0, 300))
def test_cut_files_have_a_type(content: bytes, length: int) -> None:
    assert "/" in sniff(content[:length]).mime


def test_only_the_head_counts() -> None:
    assert sniff(b"a" * HEAD_BYTES + b"\0").mime == "text/plain; charset=utf-8"
    assert sniff(b"a" * (HEAD_BYTES - 1) + b"\0").mime == "application/octet-stream"


def test_a_character_cut_in_the_middle_is_still_utf8() -> None:
    assert sniff(b"a" * (HEAD_BYTES - 1) + "é".encode()).mime == "text/plain; charset=utf-8"


def test_long_json_is_judged_by_its_head() -> None:
    assert sniff(b'{"a":"' + b"x" * 5000 + b'"}').mime == "application/json"
    assert sniff(b"[" + b'{"a":1},' * 600 + b"1]").mime == "application/json"
    assert sniff(b'{"a":' + b"x" * 5000 + b"}").mime == "text/plain; charset=utf-8"


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=10,
    ),
    st.data(),
)
def test_every_beginning_of_json_begins_json(value: object, data: st.DataObject) -> None:
    body = json.dumps([value]).encode()
    cut = data.draw(st.integers(1, len(body)))
    assert begins_json(body[:cut], is_whole=False)
    assert begins_json(body, is_whole=True)


@pytest.mark.parametrize(
    "body",
    [b"[1 2", b"{1:", b'{"a" 1', b"[}", b"[1}", b"]", b'{"a":x', b"[,", b'{"a":1,,', b"[tru3"],
)
def test_what_cant_become_json(body: bytes) -> None:
    assert not begins_json(body, is_whole=False)


def test_types_are_compared_by_all_their_names() -> None:
    assert same_type("application/zip", "application/x-zip-compressed")
    assert same_type("text/plain; charset=utf-8", "TEXT/PLAIN")
    assert same_type("video/matroska", "video/x-matroska")
    assert not same_type("image/jpeg", "image/jpg")
    assert not same_type("text/html; charset=utf-8", "text/plain")


def test_no_alias_leads_to_another() -> None:
    assert not set(ALIASES) & set(ALIASES.values())
