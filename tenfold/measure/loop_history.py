"""What was predicted of growth steps, and what came of them: a file of plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenfold.errors import OperatorError
from tenfold.measure.advise_values import Gain, Step
from tenfold.measure.results import Machine, read_json, write_json

KEPT = 500


@dataclass(frozen=True, slots=True)
class Growth:
    """One step: what was the bottleneck, what was predicted, what was measured.

    Rates are good answers a second of a full server; `at` is Unix time.
    """

    at: float
    target: str
    workload: str
    bottleneck: str
    step: Step
    predicted: Gain
    before_per_s: float
    after_per_s: float
    machine: Machine

    @property
    def measured_ratio(self) -> float:
        return self.after_per_s / self.before_per_s if self.before_per_s else 0.0

    @property
    def off_ratio(self) -> float:
        """How far the prediction was off: 0.1 is a tenth too much."""
        return self.predicted.ratio / self.measured_ratio - 1 if self.measured_ratio else 0.0


def home() -> Path:
    """Where what was measured on this machine is kept."""
    return Path.home() / ".local" / "share" / "tenfold"


def history_file() -> Path:
    """Where growth steps are written down unless a flag says otherwise."""
    return home() / "growth.json"


def read_history(path: Path) -> list[Growth]:
    """All steps so far, the oldest first; none without a file. Raises: OperatorError."""
    if not path.exists():
        return []
    return read_json(path, list[Growth])


def add_to_history(path: Path, growth: Growth) -> None:
    """Write a step down. Raises: OperatorError when the file can't be read or written."""
    steps = [*read_history(path), growth][-KEPT:]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, steps)
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}") from None
