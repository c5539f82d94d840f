"""What can be seen of a running server from beside it: the machine, its processes, its figures."""

from tenfold.measure.samplers.machine import MachineMoment, look_at_machine
from tenfold.measure.samplers.processes import (
    ProcessMoment,
    ThreadMoment,
    cpu_of,
    listeners,
    look_at_process,
    starts_of,
)
from tenfold.measure.samplers.server import WorkerMoment, look_at_workers, superuser_token
from tenfold.measure.samplers.stacks import StackSampler

__all__ = [
    "MachineMoment",
    "ProcessMoment",
    "StackSampler",
    "ThreadMoment",
    "WorkerMoment",
    "cpu_of",
    "listeners",
    "look_at_machine",
    "look_at_process",
    "look_at_workers",
    "starts_of",
    "superuser_token",
]
