"""Measure a server from outside: load it, look at it, say what it can take.

Talks HTTP like any client, so it can aim at the real PocketBase, too.
"""

from tenfold.measure.knee import Goal, Knee, KneeReport, Step, find_knee, step_of
from tenfold.measure.load import Processes, Site
from tenfold.measure.prepare import prepared
from tenfold.measure.private import PrivateTenfold
from tenfold.measure.results import (
    BenchReport,
    RunResult,
    read_json,
    this_machine,
    write_json,
)
from tenfold.measure.runs import Effort, run
from tenfold.measure.target import Credentials, Target, find_target
from tenfold.measure.usl import Usl, fit
from tenfold.measure.workload import Workload, WorkloadError, changed, load_workload

__all__ = [
    "BenchReport",
    "Credentials",
    "Effort",
    "Goal",
    "Knee",
    "KneeReport",
    "PrivateTenfold",
    "Processes",
    "RunResult",
    "Site",
    "Step",
    "Target",
    "Usl",
    "Workload",
    "WorkloadError",
    "changed",
    "find_knee",
    "find_target",
    "fit",
    "load_workload",
    "prepared",
    "read_json",
    "run",
    "step_of",
    "this_machine",
    "write_json",
]
