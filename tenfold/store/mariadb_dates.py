"""SQLite's strftime over a column, in MariaDB's SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tenfold.filters.errors import FilterError

_MOMENT = (
    "'^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"
    "( *(Z|[+-]00:00))?$'"
)
_SHIFT = re.compile(
    r"([+-]?\d{1,6}(?:\.\d{1,6})?) +(second|minute|hour|day|month|year)s?", re.IGNORECASE
)
_STARTS = {
    "start of day": "DATE_FORMAT({d}, '%Y-%m-%d 00:00:00')",
    "start of month": "DATE_FORMAT({d}, '%Y-%m-01 00:00:00')",
    "start of year": "DATE_FORMAT({d}, '%Y-01-01 00:00:00')",
}
_NOTHING = ("utc", "localtime", "subsec", "subsecond")
_UNIX = "TIMESTAMPDIFF(SECOND, '1970-01-01', {d})"


def _as(words: str) -> Callable[[str], str]:
    return lambda moment: f"DATE_FORMAT({moment}, '{words}')"


_PARTS: dict[str, Callable[[str], str]] = {
    **{same: _as(f"%{same}") for same in "YmdHSjw"},
    "M": _as("%i"),
    "F": _as("%Y-%m-%d"),
    "T": _as("%H:%i:%s"),
    "R": _as("%H:%i"),
    "e": lambda d: f"LPAD(DAY({d}), 2, ' ')",
    "k": lambda d: f"LPAD(HOUR({d}), 2, ' ')",
    "I": _as("%h"),
    "l": lambda d: f"LPAD(DATE_FORMAT({d}, '%l'), 2, ' ')",
    "p": lambda d: f"IF(HOUR({d}) < 12, 'AM', 'PM')",
    "P": lambda d: f"IF(HOUR({d}) < 12, 'am', 'pm')",
    "u": lambda d: f"WEEKDAY({d}) + 1",
    "U": lambda d: f"LPAD(WEEK({d}, 0), 2, '0')",
    "W": lambda d: f"LPAD(WEEK({d}, 5), 2, '0')",
    "V": lambda d: f"LPAD(WEEK({d}, 3), 2, '0')",
    "G": _as("%x"),
    "g": lambda d: f"RIGHT(DATE_FORMAT({d}, '%x'), 2)",
    "s": lambda d: _UNIX.format(d=d),
    "f": lambda d: f"LEFT(DATE_FORMAT({d}, '%S.%f'), 6)",
    "%": lambda _: "'%'",
}


def formatted(form: str, moment: str, modifiers: Sequence[str]) -> str:
    """SQL for strftime(form, moment, *modifiers); null where the moment is none.

    Raises: FilterError for what only SQLite knows.
    """
    value = f"CAST(REPLACE(LEFT({moment}, 23), 'Z', '') AS DATETIME(3))"
    for modifier in modifiers:
        value = _modified(value, modifier.strip())
    parts = [_part(text, value) for text in re.findall(r"%.|[^%]+|%$", form, re.DOTALL)]
    text = f"CONCAT({', '.join(parts)})" if parts else "''"
    return f"CASE WHEN {moment} REGEXP {_MOMENT} THEN {text} END"


def _part(text: str, moment: str) -> str:
    if not text.startswith("%"):
        return "'" + text.replace("'", "''") + "'"
    part = _PARTS.get(text[1:])
    if part is None:
        raise FilterError(f"strftime can't write {text!r} with this database")
    return part(moment)


def _modified(moment: str, modifier: str) -> str:
    lowered = modifier.lower()
    if lowered in _NOTHING:
        return moment
    if lowered in _STARTS:
        return f"CAST({_STARTS[lowered].format(d=moment)} AS DATETIME(3))"
    shift = _SHIFT.fullmatch(modifier)
    if shift is None:
        raise FilterError(f"strftime can't apply {modifier!r} with this database")
    count, unit = shift[1], shift[2].lower()
    if unit not in ("month", "year"):
        seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}[unit]
        return f"DATE_ADD({moment}, INTERVAL {float(count) * seconds:.6f} SECOND)"
    # The 31st of a month that has none is, to SQLite, a day of the next one.
    first = f"DATE_ADD({moment}, INTERVAL 1 - DAY({moment}) DAY)"
    moved = f"DATE_ADD({first}, INTERVAL {int(float(count))} {unit.upper()})"
    return f"DATE_ADD({moved}, INTERVAL DAY({moment}) - 1 DAY)"
