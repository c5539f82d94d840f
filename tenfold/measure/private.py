"""A Tenfold of one's own to measure: fresh data in a temporary folder, on a free loopback port."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tenfold.errors import OperatorError
from tenfold.measure.target import Credentials, Target, find_target
from tenfold.settings import PREFIX

START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
LOOK_S = 0.05
COMMAND_LIMIT_S = 60.0
TENFOLD = (sys.executable, "-c", "from tenfold.cli import main; main()")


class PrivateTenfold:
    """Runs until the block ends, then nothing of it is left. `restart` keeps the data.

    `settings` are boot settings by their names; `hooks` is the text of a file of hooks.
    """

    def __init__(
        self, workers: int, settings: Mapping[str, str] | None = None, hooks: str = ""
    ) -> None:
        self.workers = workers
        self.settings = dict(settings or {})
        self.hooks = hooks
        self._port = _free_port()
        self._credentials = Credentials("bench@example.com", secrets.token_hex(16))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="tenfold-bench-"))
        try:
            self._tenfold("superuser", "upsert", *self._superuser(), "--dir", str(self._dir))
            self._start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    @property
    def pid(self) -> int:
        """The process that the workers belong to."""
        assert self._process
        return self._process.pid

    @property
    def target(self) -> Target:
        """Where it is. Raises: OperatorError when it doesn't answer."""
        return find_target(f"http://127.0.0.1:{self._port}", self._credentials, may_be_remote=False)

    @property
    def database_bytes(self) -> int:
        """How large its database is, without what is only in the log of SQLite yet."""
        return (self._dir / "data.db").stat().st_size

    def restart(self, workers: int) -> None:
        """Stop, and start on the same data and port, with what `settings` and `hooks` are now."""
        self._stop()
        self.workers = workers
        self._start()

    @property
    def _dir(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "tenfold.log"

    def _superuser(self) -> tuple[str, str]:
        return self._credentials.email, self._credentials.password

    def _tenfold(self, *arguments: str) -> None:
        done = subprocess.run(
            [*TENFOLD, *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
            cwd=self._folder,
        )
        if done.returncode:
            raise OperatorError(f"tenfold {arguments[0]} failed: {done.stderr.strip()}")

    def _start(self) -> None:
        serve = ("serve", "--dir", str(self._dir), "--http", f"127.0.0.1:{self._port}")
        self._write_hooks()
        settings = {f"{PREFIX}{name.upper()}": value for name, value in self.settings.items()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*TENFOLD, *serve, "--workers", str(self.workers)],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, **settings},
                start_new_session=True,
            )
        ends_at = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > ends_at:
                raise OperatorError(f"Tenfold did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(LOOK_S)

    def _write_hooks(self) -> None:
        folder = self._folder / "hooks"
        folder.mkdir(exist_ok=True)
        (folder / "hooks.py").write_text(self.hooks)

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._port}/api/health", timeout=2)
        except httpx.HTTPError:
            return False
        return answer.is_success

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            # Its session is its own: nobody else's processes are in it.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def _leave(self) -> None:
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
