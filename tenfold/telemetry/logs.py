"""What the service tells its operator on stderr: one line an event, as text or JSON."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from tenfold.telemetry.redaction import redact


class _Lines(logging.Formatter):
    """Formats a record as text; secrets are masked whatever part they came in."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_when(record)} {record.levelname.lower():<7} {_message(record)} ({record.name})"
        return f"{line}\n{self._traceback(record)}" if record.exc_info else line

    def _traceback(self, record: logging.LogRecord) -> str:
        return redact(self.formatException(record.exc_info)) if record.exc_info else ""


class _JsonLines(_Lines):
    """The same as JSON. Its parts are masked, not the line: that could break the JSON."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": _when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "pid": record.process,
        }
        if record.exc_info:
            told["error"] = self._traceback(record)
        return msgspec.json.encode(told).decode()


def _when(record: logging.LogRecord) -> str:
    when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return when.replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    return message if _is_unmasked(record) else redact(message)


def _is_unmasked(record: logging.LogRecord) -> bool:
    """Whether secrets are what the line is for (a mail that is logged instead of sent)."""
    return getattr(record, "is_unmasked", False)


def configure_logging(level: str, shape: str, stream: TextIO | None = None) -> None:
    """Send every log record from `level` up to stderr; `shape` is text or json.

    A second call replaces the first.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines() if shape == "json" else _Lines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for noisy in ("httpx", "httpcore", "aiosmtplib", "_granian"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of what is wrong in a body: that is for the client, who is told, not for us.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
