"""Make a report of a server: at the workload's rate, when it is full, and the page about both."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable
from pathlib import Path

from tenfold.errors import OperatorError
from tenfold.measure.advise import USUAL_GOAL, advise
from tenfold.measure.knee import Goal
from tenfold.measure.loop_history import Growth
from tenfold.measure.loop_push import Bed, push
from tenfold.measure.profile_run import profiled_run
from tenfold.measure.report_page import page
from tenfold.measure.report_values import Report
from tenfold.measure.results import this_machine, write_json
from tenfold.measure.workload import Workload

LIBRARIES = ("tenfold", "granian", "apsw", "msgspec", "uvloop", "bcrypt")


def make_report(
    bed: Bed,
    workload: Workload,
    growth: list[Growth],
    *,
    seconds: float,
    tell: Callable[[str], None],
    goal: Goal = USUAL_GOAL,
) -> Report:
    """Measure everything that a report shows. Raises: OperatorError."""
    tell("at the workload's rate")
    calm = profiled_run(bed.processes, bed.target, bed.site, workload, bed.effort)
    tell("until it is full")
    full = push(bed, workload, workload.rate.per_s, seconds).found
    return Report(
        at=time.time(),
        machine=this_machine(),
        versions=versions(),
        goal=goal,
        calm=calm,
        calm_advice=advise(calm, goal),
        full=full,
        full_advice=advise(full, goal),
        growth=growth,
    )


def versions() -> dict[str, str]:
    """Of Tenfold and what matters most to its speed."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def write_report(path: Path, report: Report) -> Path:
    """Write the page, and its figures as JSON beside it, whose path is returned.

    Raises: OperatorError.
    """
    beside = path.with_suffix(".json")
    if beside == path:
        raise OperatorError(f"{path} is no page", hint="name it .html: the JSON stands beside it")
    try:
        path.write_text(page(report))
        write_json(beside, report)
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}") from None
    return beside
