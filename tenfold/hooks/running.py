"""Run one hook: on the loop or in a thread, within its time, its failure made clean."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import logging
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from tenfold.errors import RequestError, TenfoldError
from tenfold.telemetry.figures import TalliesByName

log = logging.getLogger("tenfold.hooks")

THREADS = 16
"""How many hooks that are not `async` run at the same time in one worker."""

MAX_DEPTH = 10
"""How deep hooks may cause hooks (a write by a hook fires hooks too)."""

_over: contextvars.ContextVar[list[bool] | None] = contextvars.ContextVar(
    "tenfold_hook_over", default=None
)
"""A cell that holds True once the hook's time is up; its thread may still run."""

hook_times = TalliesByName()
"""How long each hook of this process took, by its place; waiting counts, too."""

_depth: contextvars.ContextVar[int] = contextvars.ContextVar("tenfold_hook_depth", default=0)


class HookFailed(RequestError):
    """A hook broke down: its own fault, not the client's. The trace is in the log."""

    status = 500


@dataclass(frozen=True, slots=True)
class Hook:
    """A function of a hooks file and how to run it."""

    function: Callable[..., Any]
    limit_s: float

    @property
    def place(self) -> str:
        """Where it stands, for the log."""
        code = getattr(self.function, "__code__", None)
        name = getattr(self.function, "__name__", "hook")
        return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


class HookThreads:
    """The threads for hooks that are plain functions; started when first needed."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a plain function; the caller's context (its transaction) goes along."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="hook")
        work = functools.partial(contextvars.copy_context().run, function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def stop(self) -> None:
        """Let the threads go; one that never ends is left to the end of the process."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


async def run(hook: Hook, threads: HookThreads, *arguments: Any) -> Any:
    """Run a hook and return its result.

    Raises: RequestError and Unavailable as the hook raises them, HookFailed for all else.
    """
    with _deeper(hook), _marked() as is_over:
        limit = asyncio.timeout(hook.limit_s)
        began_at = perf_counter()
        try:
            async with limit:
                if inspect.iscoroutinefunction(hook.function):
                    return await hook.function(*arguments)
                return await threads.run(hook.function, *arguments)
        except TenfoldError:
            raise
        except (Exception, SystemExit) as error:
            if isinstance(error, TimeoutError) and limit.expired():
                is_over[0] = True
                log.error("%s took longer than %g s", hook.place, hook.limit_s)
            else:
                log.exception("%s failed", hook.place)
            raise HookFailed from error
        finally:
            hook_times.add(hook.place, perf_counter() - began_at)


def refuse_if_over() -> None:
    """Raises: HookFailed in the thread of a hook whose time is up."""
    is_over = _over.get()
    if is_over and is_over[0]:
        raise HookFailed


@contextmanager
def _marked() -> Generator[list[bool]]:
    is_over = [False]
    token = _over.set(is_over)
    try:
        yield is_over
    finally:
        _over.reset(token)


@contextmanager
def _deeper(hook: Hook) -> Generator[None]:
    depth = _depth.get()
    if depth >= MAX_DEPTH:
        log.error("%s: hooks cause each other without end", hook.place)
        raise HookFailed
    token = _depth.set(depth + 1)
    try:
        yield
    finally:
        _depth.reset(token)
