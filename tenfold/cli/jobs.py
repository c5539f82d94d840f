"""`tenfold jobs`: what became of background jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from tenfold.cli.console import out
from tenfold.cli.options import Config, Dir, check_there, load_settings, open_database
from tenfold.errors import OperatorError
from tenfold.store.jobs import DeadJob, JobStore

T = TypeVar("T")

MAX_SHOWN = 200
"""Characters of a payload that are shown."""

program = App(
    name="jobs",
    help="""See background jobs that were given up, and try them again.

It works on the data folder itself, whether or not the service is running.

    tenfold jobs failed
    tenfold jobs retry 0123456789abcdef0123
""",
)


@program.command
def failed(
    *,
    limit: Annotated[int, Parameter(help="How many to show at most.")] = 50,
    dir: Dir = None,
    config: Config = None,
) -> None:
    """List the jobs that failed at every attempt, newest first; they are kept for 30 days."""
    dead: list[DeadJob] = _run(dir, config, lambda jobs: jobs.dead(limit))
    if not dead:
        out.print("No job has failed.")
    for job in dead:
        payload = msgspec.json.encode(job.payload).decode()[:MAX_SHOWN]
        out.print(f"[bold]{escape(job.id)}[/]  {escape(job.name)}  {job.attempts} attempts")
        out.print(f"  payload: {escape(payload)}\n  error:   {escape(job.error)}")


@program.command
def retry(
    job_id: Annotated[str, Parameter(help="The job's id, as `tenfold jobs failed` shows it.")],
    /,
    *,
    dir: Dir = None,
    config: Config = None,
) -> None:
    """Give a failed job all its attempts again; a running service takes it up soon."""
    if not _run(dir, config, lambda jobs: jobs.revive(job_id)):
        raise OperatorError(
            f"There is no failed job {job_id}.", hint="tenfold jobs failed lists them"
        )
    out.print(f"Job {escape(job_id)} will run again.")


def _run(dir: Path | None, config: Path | None, work: Callable[[JobStore], Awaitable[T]]) -> T:
    settings = load_settings(dir, config)
    check_there(settings)

    async def run() -> T:
        async with open_database(settings) as database:
            return await work(database.jobs)

    return asyncio.run(run())
