"""Say what is wrong with a cron expression, in the words PocketBase's clients know."""

from __future__ import annotations

import re

MACROS = frozenset(
    {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
)

_SEGMENTS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_MAX_LENGTH = 1_000


class BadCron(Exception):
    """A cron expression nobody can follow; the message says why."""


def check_cron(expression: str) -> None:
    """Raises: BadCron."""
    if expression in MACROS:
        return
    segments = expression.split(" ")
    if len(segments) != len(_SEGMENTS) or len(expression) > _MAX_LENGTH:
        raise BadCron(
            "Invalid cron expression - must be a valid macro"
            " or to have exactly 5 space separated segments."
        )
    for segment, (low, high) in zip(segments, _SEGMENTS, strict=True):
        for part in segment.split(","):
            _check_part(part, low, high)


def _check_part(part: str, low: int, high: int) -> None:
    steps = part.split("/")
    if len(steps) > 2:
        raise BadCron("Invalid segment step format - must be in the format */n or 1-30/n.")
    step = 1
    if len(steps) == 2:
        step = _number(steps[1])
        if not 1 <= step <= high:
            raise BadCron(
                f"Invalid segment step boundary - the step must be between 1 and the {high}."
            )
    if steps[0] == "*":
        return
    ends = steps[0].split("-")
    if len(ends) == 1:
        _check_single(ends[0], step, low, high)
    elif len(ends) == 2:
        _check_range(_number(ends[0]), _number(ends[1]), low, high)
    else:
        raise BadCron("Invalid segment range format - the range must have 1 or 2 parts.")


def _check_single(text: str, step: int, low: int, high: int) -> None:
    if step > 1:
        raise BadCron(
            "Invalid segment step - step > 1 could be used only with the wildcard or range format."
        )
    if not low <= _number(text) <= high:
        raise BadCron("Invalid segment value - must be between the min and max of the segment.")


def _check_range(first: int, last: int, low: int, high: int) -> None:
    if not low <= first <= high:
        raise BadCron(f"Invalid segment range minimum - must be between {low} and {high}.")
    if not first <= last <= high:
        raise BadCron(f"Invalid segment range maximum - must be between {first} and {high}.")


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        raise BadCron(f'Strconv.Atoi: parsing "{quoted}": invalid syntax.')
    return int(text)
