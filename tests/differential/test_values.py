"""Records: every kind of value for every type of field, in JSON, forms and with modifiers."""

from __future__ import annotations

import pytest

from tests.differential import seed
from tests.differential.pair import Ask, Pair
from tests.differential.values import BLUE, GREEN, RED, TEXTS, VALUES

PATH = "/api/collections/everything/records"
FULL = f"{PATH}/{seed.record_id('full')}"
FIELDS = [
    f["name"]
    for c in seed.COLLECTIONS
    if c["name"] == "everything"
    for f in c["fields"]
    if f["name"] not in ("created", "updated")
]
MODIFIABLE = ("number", "whole", "one", "many", "files", "parent", "tags", "text", "code", "json")


@pytest.mark.parametrize("field", [*FIELDS, "id", "created", "unknown", "collectionName"])
def test_create(pair: Pair, field: str) -> None:
    pair.all_same(Ask("POST", PATH, json={field: value}, who="root") for value in VALUES[::2])


@pytest.mark.parametrize("field", [*FIELDS, "id", "created"])
def test_update(pair: Pair, field: str) -> None:
    pair.all_same(Ask("PATCH", FULL, json={field: value}) for value in VALUES[1::2])


@pytest.mark.parametrize("field", FIELDS)
def test_form(pair: Pair, field: str) -> None:
    pair.all_same(Ask("PATCH", FULL, form={field: value}) for value in TEXTS[::2])
    pair.all_same(
        Ask("PATCH", FULL, form={field: value}, files=[("x", ("x.txt", b"x", "text/plain"))])
        for value in TEXTS[1::2]
    )


@pytest.mark.parametrize("modifier", ["+{}", "{}+", "{}-", "{}:autogenerate", "{}:x", "{}++"])
@pytest.mark.parametrize("field", MODIFIABLE)
def test_modifier(pair: Pair, field: str, modifier: str) -> None:
    key = modifier.format(field)
    values = (1, "2", -1.5, "a", ["b", "d"], "", None, RED, [BLUE, GREEN], {"x": 1}, True)
    pair.all_same(Ask("PATCH", FULL, json={key: value}) for value in values)


MIXED = [
    {"number": 5, "number+": 2, "number-": 0.5},
    {"number+": 2, "number": 5},
    {"many": ["a"], "many+": "b", "+many": "c", "many-": "a"},
    {"many+": ["b", "d"], "many-": ["c"]},
    {"tags-": [RED, BLUE]},
    {"tags+": GREEN, "tags": [RED]},
    {"whole+": 200},
    {"whole+": 0.5},
    {"tags": [RED, GREEN, BLUE, "unused000000000"]},
    {"text": "a", "text": "b"},  # noqa: F601  (the last one counts)
    {"id": "other0000000000", "text": "renamed?"},
    {"@data": "x", "@jsonPayload": '{"text":"from payload"}'},
    {"@jsonPayload": '{"text":"from payload"}'},
    {"expand": {"x": 1}, "collectionId": "x", "text": "kept"},
    {"point": {"lon": 1}, "point.lat": 3},
    {"json": {"a": [1.0, 1e2, 0.1, 12345678901234567890]}},
    {"json": {"b": 1, "a": 2, "é": "<&>\u2028"}},
    {"whole": 1.5, "short": "x", "url": "http://bad.com", "email": "no", "one": "zz"},
    {},
]


def test_mixed(pair: Pair) -> None:
    pair.all_same(Ask("PATCH", FULL, json=body) for body in MIXED)
    pair.all_same(Ask("POST", PATH, json=body) for body in MIXED)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_bodies_that_are_none(pair: Pair, method: str) -> None:
    path = PATH if method == "POST" else FULL
    json = {"Content-Type": "application/json"}
    bodies = [b"", b"{", b"[]", b"null", b'"x"', b"1", b"[{}]", b"\xff\xfe", b" {} "]
    pair.all_same(Ask(method, path, body=body, headers=json) for body in bodies)
    types = ("text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data", "x/y")
    pair.all_same(
        Ask(method, path, body=b'{"text":"typed"}', headers={"Content-Type": type_})
        for type_ in types
    )
    pair.all_same(
        Ask(
            method,
            path,
            body=b"text=a%20b+c&many=a&many=b&number=5&bool=on&json=%7B%7D",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        for _ in range(1)
    )


def test_text_after_json(pair: Pair) -> None:
    json = {"Content-Type": "application/json"}
    pair.same(Ask("POST", PATH, body=b'{"text":"a"} x', headers=json), known="trailing")


def test_json_payload_in_forms(pair: Pair) -> None:
    part = [("x", ("x.txt", b"x", "text/plain"))]
    payloads = ('{"text":"p","number":2}', "[]", "{", '"x"', "null", '{"text":"<b>"}', "")
    pair.all_same(
        Ask("PATCH", FULL, form={"@jsonPayload": payload, "short": "abc"}, files=part)
        for payload in payloads
    )
