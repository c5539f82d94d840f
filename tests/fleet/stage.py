"""A whole stage on this machine, run as its users run it: by `tenfold up`, `status`, `down`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.processes import MARK
from tenfold.cluster.topology import Part
from tenfold.engines import ENGINES, Node
from tests.targets import EMAIL, PASSWORD, Tenfold, free_port

UP_LIMIT_S = 240.0
WELL_LIMIT_S = 90.0


class Stage:
    """A fleet in a folder of its own."""

    def __init__(self, path: Path) -> None:
        self.folder = FleetFolder(path.resolve())
        self.http = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.http}"

    def run(self, *arguments: str, limit_s: float = UP_LIMIT_S) -> str:
        """Run a command on the fleet; what it printed."""
        command = [Tenfold.program(), *arguments, "--dir", str(self.folder.path)]
        # Settings of the shell reach the service.
        environment = {**os.environ, "TENFOLD_BODY_LIMIT_BYTES": "256 MiB"}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit_s, env=environment
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.log()}"
        return done.stdout

    def up(self) -> None:
        self.run("up", "split", "--http", self.http, "--detach")

    def upsert_superuser(self) -> None:
        config = self.folder.part("app-1") / "tenfold.toml"
        command = [Tenfold.program(), "superuser", "upsert", EMAIL, PASSWORD]
        subprocess.run([*command, "--config", config], check=True, timeout=60)

    def status(self) -> dict[str, Any]:
        command = [Tenfold.program(), "status", "--json", "--dir", str(self.folder.path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout)

    def part(self, name: str) -> dict[str, Any]:
        """What `status` says of one part."""
        return next(part for part in self.status()["parts"] if part["name"] == name)

    def node(self, role: str) -> Node:
        topology = self.folder.topology()
        return self.folder.node(topology, self._part(role))

    def kill(self, name: str) -> int:
        """End a part with SIGKILL, as a crash would; the id it had."""
        pid: int = self.part(name)["pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_back(self, name: str, old_pid: int) -> float:
        """Wait until a part does its work in a new process; how long that took."""
        started = time.monotonic()

        def is_back() -> bool:
            part = self.part(name)
            return part["isWell"] and part["pid"] != old_pid

        self.wait_until(is_back)
        return time.monotonic() - started

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + WELL_LIMIT_S
        while not is_so():
            assert time.monotonic() < ends_at, self.log()
            time.sleep(0.1)

    def client(self) -> httpx.Client:
        """The API, as a superuser."""
        answer = httpx.post(
            f"{self.url}/api/collections/_superusers/auth-with-password",
            json={"identity": EMAIL, "password": PASSWORD},
            timeout=30,
        )
        token = answer.raise_for_status().json()["token"]
        return httpx.Client(base_url=self.url, headers={"Authorization": token}, timeout=60)

    def log(self) -> str:
        """The end of what the fleet and its parts have logged."""
        paths = sorted(self.folder.logs.glob("*.log"))
        return "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')[-1500:]}" for p in paths)

    def processes(self) -> list[int]:
        """Every process on this machine that belongs to the fleet."""
        mark = f"{self.folder.path}:".encode()
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                is_zombie = (entry / "stat").read_text().rpartition(") ")[2].startswith("Z")
            except OSError:
                continue
            marks = [one for one in environment if one.startswith(f"{MARK}=".encode())]
            if entry.name.isdecimal() and not is_zombie and any(mark in one for one in marks):
                found.append(int(entry.name))
        return found

    def _part(self, role: str) -> Part:
        return self.folder.topology().with_role(role)[0]


@contextmanager
def running(path: Path) -> Generator[Stage]:
    """A stage that is up, with a superuser, and whose end leaves nothing running."""
    skip_without_programs()
    stage = Stage(path)
    try:
        stage.up()
        stage.upsert_superuser()
        yield stage
    finally:
        subprocess.run(
            [Tenfold.program(), "down", "--dir", str(path.resolve())],
            check=True,
            capture_output=True,
            timeout=UP_LIMIT_S,
        )
        assert stage.processes() == []


def skip_without_programs() -> None:
    for engine in ENGINES.values():
        for program in engine.programs:
            if program.find() is None:
                pytest.skip(f"NOT TESTED: {program.name} is missing ({program.install})")
