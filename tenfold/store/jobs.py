"""What a store must keep for background jobs and crons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `attempt` is 1 at the first; `claim` proves to the store whose it is."""

    id: str
    name: str
    payload: Any
    attempt: int
    claim: str = ""


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that was given up, and why."""

    id: str
    name: str
    payload: Any
    attempts: int
    error: str


class JobStore(Protocol):
    """Jobs in the database. All times are the database's clock. Raises: Unavailable."""

    async def enqueue(
        self,
        name: str,
        payload: Any,
        *,
        key: str,
        run_at: float | None,
        attempts: int,
        then: Callable[[], None],
    ) -> str:
        """Keep a job for `run_at` (seconds since 1970, None: now); return its id.

        Called in a write's work it joins that transaction. A key that the name has already
        gives the id of the first job instead. `then` is called after the commit.
        """
        ...

    async def claim(self, limits: Mapping[str, int], lease_s: float, count: int) -> list[Job]:
        """Take up to `count` due jobs of the given names, each for `lease_s` seconds.

        `limits` says for each name how many may run at the same time on all workers (0: any).
        A job whose lease ran out is due again; if that was its last attempt it is dead.
        """
        ...

    async def renew(self, jobs: list[Job], lease_s: float) -> set[str]:
        """Lengthen the leases; return the ids of the jobs that are still the caller's."""
        ...

    async def finish(self, job: Job) -> None:
        """The job is done. Nothing happens when it is no longer the caller's."""
        ...

    async def fail(self, job: Job, error: str, retry_after_s: float | None) -> None:
        """The job failed: run it again later, or never (None) and keep it among the dead."""
        ...

    async def due_in(self, names: list[str]) -> float | None:
        """Seconds until one of the names has work (0: now), or None when none is known."""
        ...

    async def dead(self, limit: int) -> list[DeadJob]:
        """The jobs that were given up, newest first."""
        ...

    async def revive(self, job_id: str) -> bool:
        """Give a dead job all its attempts again; False when there is none."""
        ...

    async def claim_slot(self, cron_id: str, minute: int) -> bool:
        """Whether the caller is the first to ask for this cron and minute (since 1970)."""
        ...
