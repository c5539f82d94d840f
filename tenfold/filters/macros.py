"""The time macros: @now, @todayStart, @year ..."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

Moment = Callable[[], datetime]


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def wire(moment: datetime) -> str:
    """A time as records hold it: 2026-01-31 23:59:59.123Z."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _start(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _end(moment: datetime) -> datetime:
    return moment.replace(hour=23, minute=59, second=59, microsecond=999_000)


def _last_day(moment: datetime) -> datetime:
    return moment.replace(day=calendar.monthrange(moment.year, moment.month)[1])


TEXT_MACROS: Mapping[str, Callable[[datetime], str]] = {
    "@now": wire,
    "@yesterday": lambda now: wire(now - timedelta(days=1)),
    "@tomorrow": lambda now: wire(now + timedelta(days=1)),
    "@todayStart": lambda now: wire(_start(now)),
    "@todayEnd": lambda now: wire(_end(now)),
    "@monthStart": lambda now: wire(_start(now.replace(day=1))),
    "@monthEnd": lambda now: wire(_end(_last_day(now))),
    "@yearStart": lambda now: wire(_start(now.replace(month=1, day=1))),
    "@yearEnd": lambda now: wire(_end(now.replace(month=12, day=31))),
}

NUMBER_MACROS: Mapping[str, Callable[[datetime], int]] = {
    "@second": lambda now: now.second,
    "@minute": lambda now: now.minute,
    "@hour": lambda now: now.hour,
    "@day": lambda now: now.day,
    "@month": lambda now: now.month,
    "@weekday": lambda now: now.isoweekday() % 7,
    "@year": lambda now: now.year,
}
