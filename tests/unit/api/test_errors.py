"""Errors as answers."""

import json

import pytest

from tenfold.api.errors import error_response, sentence
from tenfold.errors import (
    BadRequest,
    FieldError,
    NotFound,
    OperatorError,
    TooManyRequests,
    Unavailable,
)


def test_request_errors_show_their_message_and_keys() -> None:
    errors = {
        "z": FieldError("validation_min", "must be 8", {"min": 8}),
        "a": {"1": {"b": FieldError("validation_required", "Cannot be blank.")}},
    }
    response = error_response(BadRequest("failed to create record", errors))
    assert response.status == 400
    assert json.loads(response.body) == {
        "data": {
            "a": {"1": {"b": {"code": "validation_required", "message": "Cannot be blank."}}},
            "z": {"code": "validation_min", "message": "Must be 8.", "params": {"min": 8}},
        },
        "message": "Failed to create record.",
        "status": 400,
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (TooManyRequests(), 429),
        (Unavailable("the disk is full"), 503),
        (OperatorError("the key is abc"), 500),
        (ValueError("secret"), 500),
    ],
)
def test_statuses_and_nothing_private(error: Exception, status: int) -> None:
    response = error_response(error)
    assert response.status == status
    assert b"secret" not in response.body and b"abc" not in response.body


def test_unavailable_says_why_and_when_to_come_back() -> None:
    response = error_response(Unavailable("the disk is full", retry_after_s=7))
    assert ("retry-after", "7") in response.headers
    assert json.loads(response.body)["message"] == "The disk is full."


def test_further_keys_stand_beside_code_and_message() -> None:
    error = FieldError("batch_request_failed", "failed", extra={"response": {"status": 404}})
    shown = json.loads(error_response(BadRequest("", {"0": error})).body)["data"]["0"]
    assert shown == {
        "code": "batch_request_failed",
        "message": "Failed.",
        "response": {"status": 404},
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", ""), ("a", "A."), ("Is it?", "Is it?"), (" x. ", "X."), ("éa", "Éa."), ("no!", "No!")],
)
def test_sentences(text: str, shown: str) -> None:
    assert sentence(text) == shown
