"""Keep secrets out of logs."""

from __future__ import annotations

import re

MASK = "***"

_SECRET_KEYS = "token|password|passwordConfirm|oldPassword|secret|code|codeVerifier|privateKey"
_PAIR = re.compile(
    rf"((?:^|[?&;\s\"'{{,(])(?:{_SECRET_KEYS})[\"']?\s*[=:]\s*[\"']?)[^&\s\"',)}}]+", re.I
)
_BEARER = re.compile(r"(bearer\s+)\S+", re.I)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def redact(text: str) -> str:
    """The text with tokens, passwords and other secrets masked."""
    text = _BEARER.sub(rf"\g<1>{MASK}", text)
    text = _JWT.sub(MASK, text)
    return _PAIR.sub(rf"\g<1>{MASK}", text)
