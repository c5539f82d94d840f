"""Forms are read as PocketBase reads them (figures from its binary)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.api.forms import (
    MAX_FORM_VALUES,
    form_object,
    infer,
    lenient_pairs,
    plain_number,
    strict_pairs,
)
from tenfold.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("TRUE", "TRUE"),
        ("null", "null"),
        ("", ""),
        ("0", 0),
        ("-5", -5),
        ("12.5", 12.5),
        ("0.0000001", 1e-7),
        ("9007199254740992", 2**53),
        ("100000000000000000000000", 1e23),
        ("12.50", "12.50"),
        ("1.0", "1.0"),
        ("007", "007"),
        ("5.", "5."),
        (".5", ".5"),
        ("+5", "+5"),
        (" 5", " 5"),
        ("1e5", "1e5"),
        ("-", "-"),
        ("9007199254740993", "9007199254740993"),
        ("1_000", "1_000"),
        ("\u0661", "\u0661"),
        ("--5", "--5"),
        ("1.2.3", "1.2.3"),
        ("{}", "{}"),
        ("[1]", "[1]"),
        ("9" * 400, "9" * 400),
    ],
)
def test_infers_types(text: str, value: Any) -> None:
    inferred = infer(text)
    assert (type(inferred), inferred) == (type(value), value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_numbers_read_back(value: float) -> None:
    text = plain_number(value)
    assert "e" not in text
    assert float(text) == value


@given(st.text(alphabet="0123456789.-eE+ x", max_size=12))
def test_inference_never_fails_or_loses(text: str) -> None:
    value = infer(text)
    assert isinstance(value, str) or plain_number(float(value)) == text


def test_lenient_pairs_skip_what_is_broken() -> None:
    pairs = list(lenient_pairs("a=1&b=%zz&c;d=2&e=x+y%20z&&f&g=%ff&a=2"))
    assert pairs == [("a", "1"), ("e", "x y z"), ("f", ""), ("g", "\ufffd"), ("a", "2")]


@pytest.mark.parametrize("text", ["a=%zz", "a=%", "a=%1", "a;b=1", "a=1&" * (MAX_FORM_VALUES + 1)])
def test_strict_pairs_refuse(text: str) -> None:
    with pytest.raises(BadRequest):
        list(strict_pairs(text))


def test_repeated_keys_are_lists_and_payloads_win() -> None:
    values: dict[str, list[Any]] = {
        "a": ["1", "x"],
        "b": ["true"],
        "@jsonPayload": ['{"b":null,"c":[1]}', '{"c":2}'],
    }
    assert form_object(values) == {"a": [1, "x"], "b": None, "c": 2}


@pytest.mark.parametrize("payload", ["[]", "{", '"x"'])
def test_payloads_must_be_objects(payload: str) -> None:
    with pytest.raises(BadRequest):
        form_object({"@jsonPayload": [payload]})
