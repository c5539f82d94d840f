"""Whether some bytes are JSON, or the beginning of it."""

from __future__ import annotations

import re

import msgspec

_TOKEN = re.compile(
    rb'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrtu])*"'
    rb"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
    rb"|true|false|null|[{}\[\],:]"
)
_SPACE = re.compile(rb"[ \t\n\r]*")
_CUT = re.compile(
    rb'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrtu])*\\?'
    rb"|-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d*)?)?|t(?:ru?)?|f(?:al?s?)?|n(?:ul?)?"
)
"""A token that ends where the bytes end."""


def begins_json(body: bytes, *, is_whole: bool) -> bool:
    """Whether `body` is JSON; if it is cut off (not `is_whole`), whether it can become JSON."""
    if is_whole:
        try:
            msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return True
    return _is_prefix(body)


def _is_prefix(body: bytes) -> bool:
    """Follow the grammar from token to token until it breaks or the bytes end.

    `expected` is what may come next: a "v"alue, a "k"ey, a ":" or "," (or an end).
    """
    open_with: list[bytes] = []
    expected = "v"
    at = _SPACE.match(body).end()  # pyright: ignore[reportOptionalMemberAccess]
    while at < len(body):
        if _CUT.fullmatch(body, at):
            return expected == "v" or (expected == "k" and body.startswith(b'"', at))
        token = _TOKEN.match(body, at)
        if token is None:
            return False
        expected = _after(token[0], expected, open_with)
        if not expected:
            return False
        at = _SPACE.match(body, token.end()).end()  # pyright: ignore[reportOptionalMemberAccess]
    return True


def _after(token: bytes, expected: str, open_with: list[bytes]) -> str:
    """What may come after `token`; "" when the token itself may not be here."""
    if token in (b"}", b"]"):
        opener = b"{" if token == b"}" else b"["
        if not open_with or open_with[-1] != opener or expected == ":":
            return ""
        open_with.pop()
        return ","
    if token == b":":
        return "v" if expected == ":" else ""
    if token == b",":
        if expected != "," or not open_with:
            return ""
        return "k" if open_with[-1] == b"{" else "v"
    if expected == "k":
        return ":" if token.startswith(b'"') else ""
    if expected != "v":
        return ""
    if token in (b"{", b"["):
        open_with.append(token)
        return "k" if token == b"{" else "v"
    return ","
