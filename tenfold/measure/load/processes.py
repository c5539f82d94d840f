"""The generator's processes: started once, given one job after another, always ended.

A child sends `ready` when its connections are open, is told when to start, sends what it
counted. It ends when the pipe to its parent does, whatever ended the parent.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self, cast

from tenfold.errors import OperatorError
from tenfold.measure.load.connection import precise_loop
from tenfold.measure.load.generator import Generator, LoadJob
from tenfold.measure.load.subscribers import Listener, ListenJob
from tenfold.measure.load.tally import ListenTally, Tally

PREPARE_LIMIT_S = 60.0
START_AFTER_S = 0.2
SETTLE_S = 1.0
"""How long subscribers wait for events after the last answer."""

PRIORITY = -10
ENDED = "a process of the load generator ended unexpectedly"
Job = LoadJob | ListenJob


@dataclass(frozen=True, slots=True)
class Gathered:
    """What all processes counted; `started_at` is monotonic."""

    started_at: float
    loads: list[Tally]
    listened: ListenTally | None


@dataclass(slots=True)
class _Child:
    process: SpawnProcess
    pipe: Pipe


class Processes:
    """The processes of a load generator. Use it as a context manager."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._children: list[_Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def run(self, jobs: Sequence[LoadJob], listen: ListenJob | None = None) -> Gathered:
        """Run one job in each process, all from the same moment. Raises: OperatorError."""
        try:
            return self._run(jobs, listen)
        except BaseException:
            # Whatever the children are at, none of it counts any more.
            self._end()
            raise

    def _run(self, jobs: Sequence[LoadJob], listen: ListenJob | None) -> Gathered:
        everything: list[Job] = [*jobs, *([listen] if listen else [])]
        self._grow(len(everything))
        loaders, listeners = self._children[: len(jobs)], self._children[len(jobs) :][:1]
        for child, job in zip(self._children, everything, strict=False):
            _send(child, job)
        for child, _ in zip(self._children, everything, strict=False):
            _receive(child, time.monotonic() + PREPARE_LIMIT_S)
        started_at = time.monotonic() + START_AFTER_S
        for child, _ in zip(self._children, everything, strict=False):
            _send(child, started_at)
        ends_at = started_at + max(job.longest_s for job in jobs) + SETTLE_S
        loads = [cast(Tally, _receive(child, ends_at)) for child in loaders]
        listened = self._listened(listeners[0]) if listen else None
        return Gathered(started_at, loads, listened)

    def _listened(self, child: _Child) -> ListenTally:
        time.sleep(SETTLE_S)
        _send(child, None)
        return cast(ListenTally, _receive(child, time.monotonic() + PREPARE_LIMIT_S))

    def _grow(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        while len(self._children) < count:
            ours, theirs = context.Pipe()
            process = context.Process(target=child_main, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._children.append(_Child(process, cast(Pipe, ours)))

    def _end(self) -> None:
        for child in self._children:
            child.pipe.close()
            child.process.kill()
        for child in self._children:
            child.process.join()
            child.process.close()
        self._children.clear()


def _send(child: _Child, message: object) -> None:
    """Raises: OperatorError when the child is gone."""
    try:
        child.pipe.send(message)
    except OSError:
        raise OperatorError(ENDED) from None


def _receive(child: _Child, ends_at: float) -> object:
    """The next message of a child. Raises: OperatorError when it failed or is too late."""
    if not child.pipe.poll(max(0.0, ends_at - time.monotonic())):
        raise OperatorError("a process of the load generator did not come to its end")
    try:
        message = cast(object, child.pipe.recv())
    except (EOFError, OSError):
        raise OperatorError(ENDED) from None
    if isinstance(message, OperatorError):
        raise message
    return message


def child_main(pipe: Pipe) -> None:
    """What a child does: one job after another until the pipe ends."""
    # Ctrl-C reaches the whole group; the parent decides what becomes of the children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job = cast(Job, pipe.recv())
            with asyncio.Runner(loop_factory=precise_loop) as runner:
                runner.run(_serve(pipe, job))


def prefer(job: Job) -> str:
    """Let the process run as soon as it wants to; how far that was allowed.

    A generator that waits for the processor measures itself. On a full machine of two cores
    requests left 4 ms late (p99) at a high priority, 0.08 ms late with real-time scheduling.
    Both need root. Where load would fill all cores the machine is left some room.
    """
    has_room = isinstance(job, LoadJob) and job.parts < len(os.sched_getaffinity(0))
    with suppress(PermissionError):
        if has_room:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
            return "realtime"
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        return "high"
    return "normal"


async def _serve(pipe: Pipe, job: Job) -> None:
    try:
        result = await _carry_out(pipe, job)
    except OperatorError as error:
        result = error
    pipe.send(result)


async def _carry_out(pipe: Pipe, job: Job) -> object:
    """Raises: OperatorError; EOFError when the parent is gone."""
    scheduling = prefer(job)
    runner = Generator(job, scheduling) if isinstance(job, LoadJob) else Listener(job)
    await runner.prepare()
    pipe.send("ready")
    starts_at = cast(float, await _next_message(pipe))
    told = asyncio.create_task(_next_message(pipe))
    if isinstance(runner, Listener):
        counted = await runner.run(starts_at, told)
        await told
        return counted
    running = asyncio.create_task(runner.run(starts_at))
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not running.done():
        running.cancel()
        raise EOFError
    return await running


async def _next_message(pipe: Pipe) -> object:
    """Raises: EOFError when the parent is gone."""
    loop = asyncio.get_running_loop()
    is_there = asyncio.Event()
    loop.add_reader(pipe.fileno(), is_there.set)
    try:
        await is_there.wait()
    finally:
        loop.remove_reader(pipe.fileno())
    return cast(object, pipe.recv())
