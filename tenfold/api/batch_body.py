"""What `POST /api/batch` is sent: the entries, and the files that belong to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tenfold.api.json_text import MAX_KEYS, TOO_MANY
from tenfold.errors import BadRequest, FieldError, FieldErrors
from tenfold.schema.values.faults import REQUIRED

UNREADABLE = "Failed to read the submitted batch data."
INVALID = "Invalid batch request data."

NOT_A_METHOD = FieldError("validation_in_invalid", "Must be a valid value.")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

# "requests.0.docs" and "requests[0].docs" are files of entry 0; the prefix is all that counts.
_FILE_KEY = re.compile(r"requests(?:\.([0-9]{1,6})|\[([0-9]{1,6})\])\.(.+)", re.DOTALL)


class Item(msgspec.Struct, frozen=True):
    """One entry of a batch, as it was sent."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] | None = None
    body: dict[str, Any] | None = None


class _Sent(msgspec.Struct):
    requests: list[Item] | None = None


def parse_items(sent: Mapping[str, Any]) -> list[Item]:
    """The entries of a batch body, each with the uploads that name it.

    Raises: BadRequest when the body is no batch.
    """
    try:
        items = msgspec.convert({"requests": sent.get("requests")}, _Sent).requests or []
    except msgspec.ValidationError as error:
        raise BadRequest(UNREADABLE) from error
    bodies = [dict(item.body or {}) for item in items]
    if any(len(body) > MAX_KEYS for body in bodies):
        raise BadRequest(TOO_MANY)
    for key, value in sent.items():
        found = _FILE_KEY.fullmatch(key)
        # Texts beside the JSON of a multipart body are left aside; uploads come as lists.
        if found and isinstance(value, list) and int(found[1] or found[2]) < len(items):
            bodies[int(found[1] or found[2])][found[3]] = value
    return [
        Item(item.method, item.url, item.headers, body)
        for item, body in zip(items, bodies, strict=True)
    ]


def check_items(items: list[Item], most: int) -> None:
    """Raises: BadRequest for too few or too many entries, or ones that no request is."""
    if not items:
        raise BadRequest(INVALID, {"requests": REQUIRED})
    if len(items) > most:
        too_long = FieldError(
            "validation_length_too_long",
            f"The length must be no more than {most}.",
            {"max": most, "min": 0},
        )
        raise BadRequest(INVALID, {"requests": too_long})
    problems: dict[str, FieldErrors] = {}
    for index, item in enumerate(items):
        problem = _problem(item)
        if problem:
            problems[str(index)] = problem
    if problems:
        raise BadRequest(INVALID, {"requests": problems})


def _problem(item: Item) -> dict[str, FieldError]:
    problem: dict[str, FieldError] = {}
    if item.method not in METHODS:
        problem["method"] = NOT_A_METHOD if item.method else REQUIRED
    if not item.url:
        problem["url"] = REQUIRED
    return problem
