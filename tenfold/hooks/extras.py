"""Routes, crons and jobs of hook files, as values for the rooms that run them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tenfold.hooks import running
from tenfold.hooks.events import JobEvent, Reply, RouteEvent
from tenfold.hooks.running import Hook, HookFailed, HookThreads, log

TEXT = (("content-type", "text/plain; charset=utf-8"),)
BYTES = (("content-type", "application/octet-stream"),)


@dataclass(frozen=True, slots=True)
class HookRoute:
    """A path that a hook answers."""

    method: str
    pattern: str
    auth: str
    hook: Hook = field(repr=False)
    threads: HookThreads = field(repr=False)

    async def respond(self, event: RouteEvent) -> Reply:
        """Run the hook. Raises: RequestError, Unavailable."""
        result = await running.run(self.hook, self.threads, event)
        try:
            return _reply(result)
        except (TypeError, ValueError, RecursionError) as error:
            log.exception("%s returned what JSON can't say", self.hook.place)
            raise HookFailed from error


@dataclass(frozen=True, slots=True)
class CronHook:
    """A function that runs by the clock."""

    id: str
    expression: str
    hook: Hook = field(repr=False)
    threads: HookThreads = field(repr=False)

    async def run(self) -> None:
        """Run it now."""
        await running.run(self.hook, self.threads)


@dataclass(frozen=True, slots=True)
class JobHook:
    """A function that does the jobs of one name."""

    name: str
    attempts: int
    limit: int
    hook: Hook = field(repr=False)
    threads: HookThreads = field(repr=False)

    @property
    def timeout_s(self) -> float:
        return self.hook.limit_s

    async def run(self, job: JobEvent) -> None:
        """Do one job; what this raises makes it run again later."""
        await running.run(self.hook, self.threads, job)


def _reply(result: Any) -> Reply:
    if isinstance(result, Reply):
        return result
    if result is None:
        return Reply(status=204, headers=())
    if isinstance(result, str):
        return Reply(result.encode(), headers=TEXT)
    if isinstance(result, bytes):
        return Reply(result, headers=BYTES)
    return Reply(msgspec.json.encode(result))
