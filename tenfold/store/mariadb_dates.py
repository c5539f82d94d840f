"""SQLite's strftime over a column, in MariaDB's SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tenfold.filters.errors import FilterError
from tenfold.store.mariadb_sides import NUMERIC_SQL

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
_WEEKDAY = re.compile(r"weekday ([0-6])", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"unixepoch|julianday|auto|floor|ceiling|[+-]?\d+:\d\d.*|[+-]\d{4}-\d\d-\d\d.*", re.IGNORECASE
)
"""What SQLite can do beside; all else is no modifier, to both."""
_JULIAN = 2_440_587.5
"""The day that 1970 began on, counted as astronomers do."""
_FIRST_JULIAN, _LAST_JULIAN = 1_721_059.5, 5_373_484.5
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
    "J": lambda d: f"CAST({_UNIX.format(d=d)} / 86400e0 + {_JULIAN} AS CHAR)",
    "%": lambda _: "'%'",
}


def formatted(form: str, moment: str, modifiers: Sequence[str]) -> str:
    """SQL for strftime(form, moment, *modifiers); null where the moment is none.

    Raises: FilterError for what only SQLite knows.
    """
    parts = re.findall(r"%.|[^%]+|%$", form, re.DOTALL)
    if not all(part[0] != "%" or part[1:] in _PARTS for part in parts):
        return "NULL"
    is_number = f"{moment} REGEXP {NUMERIC_SQL}"
    said = _written(parts, f"CAST(REPLACE(LEFT({moment}, 23), 'Z', '') AS DATETIME(3))", modifiers)
    days = f"CAST({moment} AS DOUBLE)"
    seconds = f"ROUND(({days} - {_JULIAN}) * 86400, 3)"
    counted = f"DATE_ADD(CAST('1970-01-01' AS DATETIME(3)), INTERVAL {seconds} SECOND)"
    # A number counts days; of those before the year 0 nothing is known here but that they are.
    early = f"CASE WHEN {days} >= 0 AND {days} < {_FIRST_JULIAN} THEN '-4713' END"
    later = f"{days} BETWEEN {_FIRST_JULIAN} AND {_LAST_JULIAN}"
    return (
        f"CASE WHEN {moment} REGEXP {_MOMENT} THEN {said}"
        f" WHEN {is_number} AND {later} THEN {_written(parts, counted, modifiers)}"
        f" WHEN {is_number} THEN {early} END"
    )


def _written(parts: Sequence[str], moment: str, modifiers: Sequence[str]) -> str:
    for modifier in modifiers:
        moment = _modified(moment, modifier.strip())
    if moment == "NULL":
        return "NULL"
    return f"CONCAT({', '.join(_part(part, moment) for part in parts)})" if parts else "''"


def _part(text: str, moment: str) -> str:
    if text.startswith("%"):
        return _PARTS[text[1:]](moment)
    return "'" + text.replace("'", "''") + "'"


def _modified(moment: str, modifier: str) -> str:
    lowered = modifier.lower()
    if lowered in _NOTHING or moment == "NULL":
        return moment
    if lowered in _STARTS:
        return f"CAST({_STARTS[lowered].format(d=moment)} AS DATETIME(3))"
    if weekday := _WEEKDAY.fullmatch(modifier):
        ahead = f"MOD({weekday[1]} - DAYOFWEEK({moment}) + 8, 7)"
        return f"DATE_ADD({moment}, INTERVAL {ahead} DAY)"
    if shift := _SHIFT.fullmatch(modifier):
        return _shifted(moment, float(shift[1]), shift[2].lower())
    if _ELSEWHERE.fullmatch(modifier):
        raise FilterError(f"strftime can't apply {modifier!r} with this database")
    return "NULL"


def _shifted(moment: str, count: float, unit: str) -> str:
    if unit not in ("month", "year"):
        seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}[unit]
        return f"DATE_ADD({moment}, INTERVAL {count * seconds:.6f} SECOND)"
    # The 31st of a month that has none is, to SQLite, a day of the next one.
    first = f"DATE_ADD({moment}, INTERVAL 1 - DAY({moment}) DAY)"
    moved = f"DATE_ADD({first}, INTERVAL {int(count)} {unit.upper()})"
    return f"DATE_ADD({moved}, INTERVAL DAY({moment}) - 1 DAY)"
