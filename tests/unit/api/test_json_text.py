"""JSON bodies: what is refused, and how numbers are read."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.api.json_text import MAX_KEYS, MAX_VALUES, json_object, json_value
from tenfold.errors import BadRequest


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'[{"a":":","a":1}]',
        b'{"a":NaN}',
        b'{"a":1e400}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":"x\ny"}',
        b"\xef\xbb\xbf{}",
        b'{"a":01}',
        b"{} x",
        b'{"a":' + b"1" * 5000 + b"}",
        b'{"a":' + b"1" * 400 + b"}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_refuses(body: bytes) -> None:
    with pytest.raises(BadRequest):
        json_value(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", {}),
        (b"  \n", {}),
        (b"null", {}),
        (b'{"a":"x:y","b":"a:b"}', {"a": "x:y", "b": "a:b"}),
        (b'{"a":"\\u0000"}', {"a": "\0"}),
        (b'{"a":9007199254740993}', {"a": 9007199254740992.0}),
        (
            b'{"a":[1,{"b":123456789012345678901234567890}]}',
            {"a": [1, {"b": 1.2345678901234568e29}]},
        ),
    ],
)
def test_reads_objects(body: bytes, value: dict[str, Any]) -> None:
    assert json_object(body) == value


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"true"])
def test_objects_only(body: bytes) -> None:
    with pytest.raises(BadRequest):
        json_object(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * MAX_VALUES + b"1]",
        b"[" * MAX_VALUES + b"]" * MAX_VALUES,
        b'[{"a":"\\",[\\\\"}' + b',{"a":","}' * MAX_VALUES + b"]",
        b"{" + b",".join(b'"%d":1' % n for n in range(MAX_KEYS + 1)) + b"}",
    ],
    ids=["numbers", "lists", "objects", "keys"],
)
def test_too_many_values(body: bytes) -> None:
    with pytest.raises(BadRequest, match="too many values"):
        json_object(body)


def test_commas_in_texts_are_no_values() -> None:
    text = ',[{\\",' * MAX_VALUES
    assert json_object(json.dumps({"a": text}).encode()) == {"a": text}


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 4_000_000 + b"," * (MAX_VALUES + 1),
        b'"\\' * 4_000_000 + b"," * (MAX_VALUES + 1),
        b'"' * 8_000_001 + b"," * (MAX_VALUES + 1),
        b"\\" * 8_000_000 + b"," * (MAX_VALUES + 1),
    ],
)
def test_broken_texts_are_refused_in_linear_time(body: bytes) -> None:
    started_at = time.process_time()
    with pytest.raises(BadRequest):
        json_value(body)
    assert time.process_time() - started_at < 5


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_reads_what_was_written(value: Any) -> None:
    assert json_value(json.dumps(value).encode()) == value
    assert json_value(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_refuses_cleanly_or_reads(body: bytes) -> None:
    try:
        json_value(body)
    except BadRequest:
        return
