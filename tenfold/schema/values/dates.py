"""Dates: PocketBase's text form, and the many spellings it reads."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS: tuple[str, ...] = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())
_LONGEST = 64
_YEARS_IN_CYCLE = 400  # the calendar repeats, so year 0 can be reckoned as year 400

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?P<fraction>[.,]\d+)?"
_OFFSET = r"(?P<sign>[+-])(?P<offset_hour>\d\d):?(?P<offset_minute>\d\d)"
_ZONE = r"(?:[A-Z]{3,4}|[+-]\d\d)"
_WEEKDAY = r"(?i:mon|tue|wed|thu|fri|sat|sun)"
_MONTH = r"(?P<month_name>[A-Za-z]{3})"
_DAY = r"(?P<day>\d\d)"
_PADDED_DAY = r" {1,2}(?P<day>\d{1,2})"
_YEAR = r"(?P<year>\d{4})"
_SHORT_YEAR = r"(?P<short_year>\d\d)"
_DATE = _YEAR + r"-(?P<month>\d\d)-" + _DAY
_SHORT_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)"

_SPELLINGS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        _DATE,
        rf"{_DATE}T{_TIME}(?:Z|{_OFFSET})?",
        rf"{_DATE} +{_TIME}(?:Z|{_OFFSET}| {_OFFSET.replace('P<', 'P<spaced_')}(?: {_ZONE})?)?",
        rf"{_WEEKDAY}, {_DAY} {_MONTH} {_YEAR} {_TIME} (?:{_OFFSET}|{_ZONE})",
        rf"{_DAY} {_MONTH} {_SHORT_YEAR} {_SHORT_TIME} (?:{_OFFSET}|{_ZONE})",
        rf"[A-Z][a-z]{{2,5}}day, {_DAY}-{_MONTH}-{_SHORT_YEAR} {_TIME} {_ZONE}",
        rf"{_WEEKDAY} {_MONTH}{_PADDED_DAY} {_TIME} (?:(?:{_OFFSET}|{_ZONE}) )?{_YEAR}",
        rf"{_DAY} {_MONTH} {_YEAR}",
        rf"{_MONTH}{_PADDED_DAY} {_TIME}",
        r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<half>AM|PM)",
    )
)


def date_text(moment: datetime) -> str:
    """A moment as values and the wire spell it: "2026-01-31 23:59:59.123Z"."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(" ", "milliseconds")[:23] + "Z"


def to_date(raw: object) -> str:
    """A date's text from any spelling or a datetime; "" for everything else."""
    if isinstance(raw, datetime):
        return date_text(raw)
    if not isinstance(raw, str) or not 6 <= len(raw) <= _LONGEST:
        return ""
    for spelling in _SPELLINGS:
        if match := spelling.fullmatch(raw):
            return _render(match.groupdict())
    return ""


def _render(part: dict[str, str | None]) -> str:
    """The text of matched parts, in UTC; "" when there is no such day or time."""
    year = _year(part)
    shift = _YEARS_IN_CYCLE if year < 2 else 0
    try:
        moment = datetime(
            year + shift, _month(part), int(part.get("day") or 1), _hour(part),
            int(part.get("minute") or 0), int(part.get("second") or 0),
            int((part.get("fraction") or ".0")[1:4].ljust(3, "0")) * 1000,
        ) - _offset(part)  # fmt: skip
    except (ValueError, OverflowError):
        return ""
    text = f"{moment.year - shift:04}-{moment:%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}Z"
    return "" if text == "0001-01-01 00:00:00.000Z" else text


def _year(part: dict[str, str | None]) -> int:
    short = part.get("short_year")
    if short:
        return int(short) + (1900 if int(short) >= 69 else 2000)
    return int(part.get("year") or 0)


def _month(part: dict[str, str | None]) -> int:
    name = part.get("month_name")
    if name:
        return _MONTHS.index(name.lower()) + 1
    return int(part.get("month") or 1)


def _hour(part: dict[str, str | None]) -> int:
    hour, half = int(part.get("hour") or 0), part.get("half")
    if half is None:
        return hour
    if not 0 <= hour <= 12:
        raise ValueError("no such hour on a twelve-hour clock")
    return hour % 12 + (12 if half == "PM" else 0)


def _offset(part: dict[str, str | None]) -> timedelta:
    prefix = "spaced_" if part.get("spaced_sign") else ""
    sign = part.get(prefix + "sign")
    if not sign:
        return timedelta()
    hours, minutes = (int(part.get(f"{prefix}offset_{unit}") or 0) for unit in ("hour", "minute"))
    if hours > 24 or minutes > 59:
        raise ValueError("no such time zone")
    return timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
