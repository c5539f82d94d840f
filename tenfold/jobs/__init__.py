"""Background jobs that survive a crash, and functions that run by the clock."""

from tenfold.jobs.crons import CronItem, Crons, system_crons
from tenfold.jobs.queue import Jobs
from tenfold.store.jobs import DeadJob, Job, JobStore

__all__ = ["CronItem", "Crons", "DeadJob", "Job", "JobStore", "Jobs", "system_crons"]
