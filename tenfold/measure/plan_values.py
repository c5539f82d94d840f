"""What is to be carried, how people write it down, and what a plan says. Plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tenfold.errors import OperatorError

MONTH_S = 365.25 / 12 * 86_400
YEARS = 3
MONTHS = YEARS * 12
GB = 1e9

_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12}
_COUNT = re.compile(r"(\d+(?:\.\d+)?(?:e\d{1,2})?)\s*([KMGBT]?)", re.IGNORECASE)
_PER = {
    "s": 1.0,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3_600.0,
    "day": 86_400.0,
    "month": MONTH_S,
    "year": 365.25 * 86_400,
}


def parse_count(text: str) -> float:
    """`10M`, `1e9`, `2500`. Raises: OperatorError."""
    found = _COUNT.fullmatch(text.strip().replace("_", "").replace(",", ""))
    if not found:
        raise OperatorError(f"{text} is no count", hint="write it as 2500, 10M or 1e9")
    return float(found[1]) * _UNITS[found[2].upper()]


def parse_rate(text: str) -> float:
    """`1e9/month`, `400/s`: how many a second. Raises: OperatorError."""
    count, found, per = text.partition("/")
    if not found or per.strip().lower() not in _PER:
        raise OperatorError(
            f"{text} is no rate", hint=f"write it as 1e9/month or 400/s; also {', '.join(_PER)}"
        )
    return parse_count(count) / _PER[per.strip().lower()]


def parse_bytes(text: str) -> float:
    """`1KB`, `300`, `2 MB`. Raises: OperatorError."""
    return parse_count(re.sub(r"(?i)\s*i?b(ytes)?$", "", text.strip()))


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be carried; rates are a second on average."""

    users: float
    writes_per_s: float
    reads_per_s: float
    record_bytes: float
    peak_ratio: float


@dataclass(frozen=True, slots=True)
class Line:
    """One figure and how it came about. `source` is measured, assumed or asked."""

    name: str
    value: float
    unit: str
    formula: str
    source: str


@dataclass(frozen=True, slots=True)
class PartCount:
    """How many of one part a stage has, each of what size, and why."""

    name: str
    count: int
    size: str
    month: float
    formula: str


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage of the ladder under the demand. `fails` says why it does not carry it."""

    name: str
    parts: list[PartCount]
    fails: str

    @property
    def month(self) -> float:
        """What it costs a month."""
        return sum(part.month for part in self.parts)


@dataclass(frozen=True, slots=True)
class Plan:
    """All of `tenfold plan` but the simulated day."""

    demand: Demand
    lines: list[Line]
    stages: list[StagePlan]
    currency: str

    @property
    def advised(self) -> StagePlan | None:
        """The first stage that carries the demand."""
        return next((stage for stage in self.stages if not stage.fails), None)
