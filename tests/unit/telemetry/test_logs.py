"""Lines on stderr: text or JSON, never with a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tenfold.telemetry import configure_logging, redact

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEyMyJ9.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.mark.parametrize(
    "text",
    [
        "/api/files/a?token=hush&x=1",
        'body {"password": "hush"}',
        "{'oldPassword': 'hush'}",
        "Authorization: Bearer hush",
        "passwordConfirm=hush",
        "secret: hush",
    ],
)
def test_redacted(text: str) -> None:
    assert "hush" not in redact(text) and "***" in redact(text)


def test_tokens_are_redacted_anywhere() -> None:
    assert TOKEN not in redact(f"user sent {TOKEN}!")
    assert redact("the token of a bear") == "the token of a bear"


def test_lines() -> None:
    stream = io.StringIO()
    configure_logging("warning", "json", stream)
    logging.getLogger("t").info("not this")
    try:
        raise ValueError("password=hush")
    except ValueError:
        logging.getLogger("t").exception("token=hush %s", 1)
    configure_logging("info", "text", stream)
    logging.getLogger("t").info("a line")
    first, second = stream.getvalue().splitlines()
    told = json.loads(first)
    assert (told["level"], told["logger"]) == ("error", "t")
    assert "hush" not in first and "ValueError" in told["error"]
    assert second.endswith("info    a line (t)")
