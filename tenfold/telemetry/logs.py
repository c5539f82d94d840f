"""What the service tells its operator on stderr: one line an event, as text or JSON."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from tenfold.telemetry.redaction import redact


class _Lines(logging.Formatter):
    """Formats a record; secrets are masked whatever part they came in."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = self._line(when.replace("+00:00", "Z"), record)
        return text if _is_unmasked(record) else redact(text)

    def _line(self, when: str, record: logging.LogRecord) -> str:
        line = f"{when} {record.levelname.lower():<7} {record.getMessage()} ({record.name})"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class _JsonLines(_Lines):
    def _line(self, when: str, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": when,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if _is_unmasked(record) else redact(record.getMessage()),
            "pid": record.process,
        }
        if record.exc_info:
            told["error"] = redact(self.formatException(record.exc_info))
        return msgspec.json.encode(told).decode()


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
    for noisy in ("httpx", "httpcore", "aiosmtplib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
