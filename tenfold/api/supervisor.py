"""Keep N worker processes alive: fork, watch, replace, stop."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from tenfold.api.worker import STOP_SIGNALS, Factory, run_worker
from tenfold.errors import OperatorError

_log = logging.getLogger("tenfold.api")

# A worker that dies sooner than this after its start counts as one that can't start.
_SETTLED_S = 5.0
_MAX_FAILED_STARTS = 5
_LONGEST_PAUSE_S = 3.0

# Beyond the workers' own limit, before they are killed.
_STOP_MARGIN_S = 5.0

_READY = b"+"


@dataclass(slots=True)
class _Child:
    """A running worker; `pipe` brings "+" when it serves, or why it could not start."""

    number: int
    pid: int
    pipe: int
    started_at: float
    is_ready: bool = False
    report: bytearray = field(default_factory=bytearray)


class Supervisor:
    """The parent of the workers. It holds no data and answers no request."""

    def __init__(
        self,
        factory: Factory,
        listener: socket.socket,
        workers: int,
        stop_limit_s: float,
        on_ready: Callable[[], None],
    ) -> None:
        self._factory = factory
        self._listener = listener
        self._workers = workers
        self._stop_limit_s = stop_limit_s
        self._on_ready = on_ready
        self._children: dict[int, _Child] = {}
        self._due: dict[int, float] = {}
        self._failed_starts = 0
        self._is_stopping = False
        self._is_started = False
        self._wake_read, self._wake_write = os.pipe()
        self._life_read, self._life_write = os.pipe()

    def run(self) -> None:
        """Run until stopped. Raises: OperatorError when workers can't start."""
        self._catch_signals()
        try:
            self._start_all()
            while not self._is_stopping:
                self._turn()
        finally:
            self._listener.close()
            self._stop_children()

    def _start_all(self) -> None:
        for number in range(1, self._workers + 1):
            if self._is_stopping:
                return
            self._fork(number)
            if number == 1:
                self._wait_ready()
        self._wait_ready()
        if not self._is_stopping:
            self._is_started = True
            self._on_ready()

    def _wait_ready(self) -> None:
        while not self._is_stopping and (
            self._due or not all(one.is_ready for one in self._children.values())
        ):
            self._turn()

    def _catch_signals(self) -> None:
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _wake)
        for name in STOP_SIGNALS:
            signal.signal(name, self._ask_stop)

    def _ask_stop(self, *_: object) -> None:
        self._is_stopping = True

    def _turn(self) -> None:
        """Wait for something to happen and see to it."""
        pipes = {child.pipe: child for child in self._children.values()}
        readable, _, _ = select.select([self._wake_read, *pipes], [], [], self._pause_s())
        for pipe in readable:
            if pipe in pipes:
                self._hear(pipes[pipe])
            else:
                _drain(pipe)
        self._bury()
        self._replace()

    def _pause_s(self) -> float | None:
        if not self._due:
            return None
        return max(0.0, min(self._due.values()) - time.monotonic())

    def _hear(self, child: _Child) -> None:
        heard = os.read(child.pipe, 4096)
        if not heard:
            # The worker is about to end. Reap it here, or its closed pipe would spin the loop.
            self._reap(child, 0)
        elif heard == _READY and not child.is_ready:
            child.is_ready = True
        else:
            child.report += heard

    def _bury(self) -> None:
        for child in list(self._children.values()):
            self._reap(child, os.WNOHANG)

    def _reap(self, child: _Child, options: int) -> None:
        pid, status = os.waitpid(child.pid, options)
        if pid == 0:
            return
        while heard := os.read(child.pipe, 4096):
            child.report += heard.removeprefix(_READY)
        os.close(child.pipe)
        del self._children[child.number]
        if not self._is_stopping:
            self._mourn(child, os.waitstatus_to_exitcode(status))

    def _mourn(self, child: _Child, exit_code: int) -> None:
        reason = child.report.decode("utf-8", "replace") or f"It ended with code {exit_code}."
        # One that gives up says what is wrong; one that is killed may do better next time.
        if not self._is_started and exit_code >= 0:
            raise OperatorError(f"Worker {child.number} can't start. {reason}")
        has_settled = time.monotonic() - child.started_at > _SETTLED_S
        self._failed_starts = 0 if has_settled else self._failed_starts + 1
        if self._failed_starts >= _MAX_FAILED_STARTS:
            raise OperatorError(f"Workers keep ending soon after their start. {reason}")
        pause_s = min(0.1 * 2**self._failed_starts, _LONGEST_PAUSE_S) if self._failed_starts else 0
        _log.error("Worker %d ended; a new one starts. %s", child.number, reason)
        self._due[child.number] = time.monotonic() + pause_s

    def _replace(self) -> None:
        now = time.monotonic()
        for number in [number for number, at in self._due.items() if at <= now]:
            del self._due[number]
            self._fork(number)

    def _fork(self, number: int) -> None:
        pipe, report_pipe = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A stop that comes right now waits until the child has handlers of its own: the ones that
        # it inherits would swallow it.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.close(pipe)
            self._be_child(number, report_pipe)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        os.close(report_pipe)
        self._children[number] = _Child(number, pid, pipe, time.monotonic())

    def _be_child(self, number: int, report_pipe: int) -> None:
        """Work as a worker and end the process; never returns."""
        code = 1
        try:
            self._forget_parent()
            run_worker(
                self._factory,
                self._listener,
                number=number,
                stop_limit_s=self._stop_limit_s,
                on_ready=lambda: _report(report_pipe, _READY),
                parent_pipe=self._life_read,
            )
            code = 0
        except OperatorError as error:
            _report(report_pipe, " ".join(filter(None, (str(error), error.hint))).encode())
        except BaseException as error:
            traceback.print_exc()
            _report(report_pipe, repr(error).encode())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _forget_parent(self) -> None:
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGCHLD, *STOP_SIGNALS):
            signal.signal(name, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        for end in (self._wake_read, self._wake_write, self._life_write):
            os.close(end)
        for child in self._children.values():
            os.close(child.pipe)

    def _stop_children(self) -> None:
        self._is_stopping = True
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)
        ends_at = time.monotonic() + self._stop_limit_s + _STOP_MARGIN_S
        while self._children and time.monotonic() < ends_at:
            select.select([self._wake_read], [], [], 0.05)
            _drain(self._wake_read)
            self._bury()
        for child in list(self._children.values()):
            _log.error("Worker %d did not stop; it is killed.", child.number)
            os.kill(child.pid, signal.SIGKILL)
            self._reap(child, 0)


def _wake(*_: object) -> None:
    """Ignored: that the signal came wakes the loop, through the wakeup pipe."""


def _report(pipe: int, text: bytes) -> None:
    os.write(pipe, text[:2048])


def _drain(pipe: int) -> None:
    try:
        while os.read(pipe, 4096):
            continue
    except BlockingIOError:
        return
