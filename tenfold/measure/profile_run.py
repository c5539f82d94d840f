"""One run of a workload with a profile of the server at the same time."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.measure.load import Processes, Site
from tenfold.measure.profile import Profiler
from tenfold.measure.profile_values import Profile
from tenfold.measure.results import RunResult
from tenfold.measure.runs import Effort, run
from tenfold.measure.samplers import superuser_token
from tenfold.measure.target import Target
from tenfold.measure.workload import Workload


@dataclass(frozen=True, slots=True)
class ProfiledRun:
    """What was asked and how it went, beside what the server did meanwhile."""

    run: RunResult
    profile: Profile


def profiled_run(
    processes: Processes,
    target: Target,
    site: Site,
    workload: Workload,
    effort: Effort,
    *,
    stacks: bool = True,
    round_: int = 1,
) -> ProfiledRun:
    """Run a workload and profile its measured part. Raises: OperatorError."""
    token = superuser_token(target.address.url, target.credentials)
    profiler = Profiler(target, token, stacks=stacks)
    profiler.start()
    result = run(processes, site, workload, effort, target=target.name, round_=round_)
    ends_at = result.started_at + workload.rate.duration_s
    return ProfiledRun(result, profiler.finish(result.started_at, ends_at))
