"""Regular expressions from users: RE2 only, so that none can hang a worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs]


class Pattern(Protocol):
    """What is used of a compiled expression."""

    def search(self, text: str, /) -> object | None: ...


# re2 has no type information; these two lines are all that is used of it beside Options.
_compile = cast("Callable[[str, object], Pattern]", re2.compile)  # pyright: ignore[reportUnknownMemberType]
_Re2Error = cast("type[Exception]", re2.error)  # pyright: ignore[reportUnknownMemberType]

_MESSAGES = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid character class range": "invalid character class range",
    "trailing \\": "trailing backslash at end of expression",
}


class BadPattern(ValueError):
    """The expression can't be compiled; the text says why."""


ID_PATTERN = "^[a-z0-9]+$"
"""What ids look like unless somebody wants others."""

_ids = re.compile(r"^[a-z0-9]+\Z")


@lru_cache(maxsize=2048)
def compile_pattern(pattern: str) -> Pattern:
    """Compile an RE2 expression. Raises: BadPattern."""
    if pattern == ID_PATTERN:
        # Nothing to fear from this one, and Python's engine is ten times as fast on short texts.
        return _ids
    options = re2.Options()
    options.log_errors = False
    try:
        return _compile(pattern, options)
    except (_Re2Error, UnicodeError) as error:
        raise BadPattern(_explain(pattern, error)) from error


def pattern_fault(pattern: str) -> str | None:
    """Why an expression can't be compiled, or None."""
    try:
        compile_pattern(pattern)
    except BadPattern as fault:
        return str(fault)
    return None


def matches(pattern: str, text: str) -> bool:
    """Whether the expression is found in the text; one that can't be compiled never is."""
    try:
        return compile_pattern(pattern).search(text) is not None
    except (BadPattern, UnicodeError):
        return False


def _explain(pattern: str, error: Exception) -> str:
    detail = error.args[0] if error.args else "invalid syntax"
    text = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    reason, _, where = text.partition(": ")
    return f"error parsing regexp: {_MESSAGES.get(reason, reason)}: `{where or pattern}`"
