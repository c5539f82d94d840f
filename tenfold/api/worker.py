"""One worker: granian's I/O thread and an event loop in this process, until told to stop.

The only file that knows granian's inner objects (checked with 2.8). Its public servers always
fork, listen before the application is ready, stop without telling it first, and make a task for
every request; here the lanes answer without one.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvloop
from granian._granian import CallbackScheduler, RSGIWorker, SocketHolder, WorkerSignal
from granian.http import HTTP1Settings

from tenfold.api.bodies import begin_read
from tenfold.api.dispatch import FastLane, Gateway
from tenfold.api.rsgi import BodyRead

_log = logging.getLogger("tenfold.api")

# After a stop was asked for, running requests have this long to finish.
STOP_LIMIT_S = 10.0

# Connections a worker holds at once, idle and streaming ones too; more wait in the backlog.
MAX_CONNECTIONS = 16_384

BACKLOG = 2048

# A head must arrive in this time, and the next one after an answer.
_HEADER_READ_S = 30.0
_HEADER_BYTES = 64 << 10
_FILE_THREADS = 16

Factory = Callable[[], Gateway]

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run_worker(
    factory: Factory,
    listener: socket.socket,
    *,
    number: int = 1,
    stop_limit_s: float = STOP_LIMIT_S,
    on_ready: Callable[[], None] = lambda: None,
    parent_pipe: int | None = None,
) -> None:
    """Start the application, serve the listener, stop gracefully on SIGTERM, SIGINT, SIGHUP.

    `on_ready` is called once connections are accepted. `parent_pipe` is the reading end of a
    pipe whose other end only the parent holds: when the parent dies, so does the worker.
    """
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        gateway = factory()
        try:
            loop.run_until_complete(gateway.start())
            # What lives now lives until the end: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 50, 100)
            serving = _serve(gateway, listener, number, on_ready, parent_pipe, stop_limit_s)
            loop.run_until_complete(serving)
        finally:
            loop.run_until_complete(gateway.stop())
    finally:
        loop.close()


async def _serve(
    gateway: Gateway,
    listener: socket.socket,
    number: int,
    on_ready: Callable[[], None],
    parent_pipe: int | None,
    stop_limit_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    stop_asked = asyncio.Event()
    for name in STOP_SIGNALS:
        loop.add_signal_handler(name, stop_asked.set)
    if parent_pipe is not None:
        loop.add_reader(parent_pipe, stop_asked.set)
    stop_granian = WorkerSignal()
    stopped = asyncio.Event()
    stop_granian.add_cb(lambda: loop.call_soon_threadsafe(stopped.set))
    header_read_ms = int(min(_HEADER_READ_S, gateway.limits.time_s) * 1000)
    worker = _granian_worker(listener, number, header_read_ms)
    worker.serve_str(_scheduler(gateway, loop), loop, stop_granian)
    on_ready()
    await stop_asked.wait()
    listener.close()
    gateway.begin_stop()
    stop_granian.set()
    try:
        await asyncio.wait_for(stopped.wait(), stop_limit_s)
    except TimeoutError:
        _log.warning("Requests still ran %g s after the stop; they were cut.", stop_limit_s)


def _granian_worker(listener: socket.socket, number: int, header_read_ms: int) -> Any:
    # Through Any: granian's stubs do not describe these constructors as they are.
    make_holder: Any = SocketHolder
    holder = make_holder(os.dup(listener.fileno()), False, BACKLOG)
    make: Any = RSGIWorker
    return make(
        number,
        (None, holder),
        None,
        threads=1,
        blocking_threads=_FILE_THREADS,
        backpressure=MAX_CONNECTIONS,
        # Not "auto": it waits for the first byte for ever. HTTP/2 without TLS has no users.
        http_mode="1",
        http1_opts=HTTP1Settings(header_read_timeout=header_read_ms, max_buffer_size=_HEADER_BYTES),
        http2_opts=None,
        metrics=(None, None),
    )


def _scheduler(gateway: Gateway, loop: asyncio.AbstractEventLoop) -> CallbackScheduler:
    """What granian calls for each request, on its I/O thread with the GIL held."""
    fast, instant = gateway.fast_lane, gateway.instant_lane

    async def answer(watcher: Any, begun: BodyRead | None) -> None:
        try:
            await gateway.answer(watcher.scope, watcher.proto, begun)
        except BaseException as error:
            watcher.err(error)
            return
        watcher.done()

    def run(watcher: Any, begun: BodyRead | None) -> None:
        if fast is None or not _took(fast, watcher):
            watcher.taskref(loop.create_task(answer(watcher, begun)))

    def schedule(watcher: Any) -> None:
        if instant is None or not _took(instant, watcher):
            # The body arrives on this thread, most often before the event loop gets to ask.
            begun = begin_read(watcher.scope, watcher.proto)
            loop.call_soon_threadsafe(run, watcher, begun)

    return _Scheduler(loop, schedule, None, None, None)


class _Scheduler(CallbackScheduler):
    __slots__ = ()

    def __init__(self, *parts: Any) -> None:
        super().__init__()
        self._schedule_fn = parts[1]


def _took(lane: FastLane, watcher: Any) -> bool:
    """Whether a lane answered the request."""
    try:
        if not lane(watcher.scope, watcher.proto):
            return False
    except Exception:
        _log.exception("A fast lane failed; the routes answer instead.")
        return False
    watcher.done()
    return True
