"""What a client subscribes to: `posts/*`, `posts/RECORD_ID`, with `?options={...}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec


class _Options(msgspec.Struct):
    query: dict[str, Any] = {}
    headers: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as the client wrote it (`text`), and what it means.

    `query` and `headers` stand for those of a request when rules and renderings ask.
    """

    text: str
    topic: str
    query: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)

    @property
    def expand(self) -> str:
        return self.query.get("expand", "")

    @property
    def fields(self) -> str:
        return self.query.get("fields", "")

    @property
    def filter(self) -> str:
        return self.query.get("filter", "")

    @property
    def frame_head(self) -> bytes:
        """The line of an SSE frame that names the event."""
        # A line break would end the line; such a client only harms itself.
        name = self.text.replace("\r", "").replace("\n", "")
        return b"event:" + name.encode("utf-8", "replace") + b"\n"


@lru_cache(maxsize=2_048)
def parse_subscription(text: str) -> Subscription:
    """Parse a subscription; options that can't be read count as none."""
    topic, _, query_text = text.partition("?")
    options = _parse_options(query_text)
    return Subscription(
        text,
        topic,
        {name: _text(value) for name, value in options.query.items()},
        {_header_name(name): _text(value) for name, value in options.headers.items()},
    )


def _parse_options(query_text: str) -> _Options:
    try:
        raw = parse_qs(query_text, max_num_fields=100).get("options", [""])[0]
        return msgspec.json.decode(raw, type=_Options) if raw else _Options()
    except (ValueError, RecursionError):
        return _Options()


def _header_name(name: str) -> str:
    return name.lower().replace("-", "_")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, (str, int, float)) else ""
