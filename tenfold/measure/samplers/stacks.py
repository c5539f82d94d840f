"""Stacks of Python processes, taken by py-spy from outside, without stopping them.

docs: https://github.com/benfred/py-spy
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

RATE_PER_S = 20
"""Each look costs py-spy a millisecond or so: more would be felt."""

END_LIMIT_S = 15.0
LONGEST_S = 3_600
SEPARATOR = ";"


def program() -> str | None:
    """The command of py-spy, if it is installed."""
    beside = Path(sys.executable).parent / "py-spy"
    return str(beside) if beside.exists() else shutil.which("py-spy")


class StackSampler:
    """Samples some processes from `start` to `finish`."""

    def __init__(self, pids: Sequence[int]) -> None:
        self.pids = set[int]()
        """Of py-spy's own processes."""
        self.problem = ""
        self._wanted = pids
        self._folder = Path(tempfile.mkdtemp(prefix="tenfold-stacks-"))
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Begin, one py-spy for each process."""
        command = program()
        if command is None:
            self.problem = "py-spy is not installed: no flame graph"
            return
        for pid in self._wanted:
            arguments = [
                *(command, "record", "--pid", str(pid), "--nonblocking", "--threads"),
                *("--rate", str(RATE_PER_S), "--duration", str(LONGEST_S)),
                *("--format", "raw", "--output", str(self._folder / f"{pid}.txt")),
            ]
            process = subprocess.Popen(
                arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self._folder
            )
            self._running.append(process)
            self.pids.add(process.pid)

    def finish(self) -> dict[str, int]:
        """Stop; how often each stack was seen, frames from the outermost inwards."""
        counts: dict[str, int] = {}
        for process in self._running:
            # As Ctrl-C does: it then writes what it has seen.
            process.send_signal(signal.SIGINT)
        for process in self._running:
            try:
                _, told = process.communicate(timeout=END_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.problem = "py-spy did not come to its end"
                continue
            if process.returncode:
                self.problem = _reason(told.decode("utf-8", "replace"))
        for path in self._folder.glob("*.txt"):
            _add(path, counts)
        shutil.rmtree(self._folder, ignore_errors=True)
        return counts


def _reason(told: str) -> str:
    if "ermission" in told:
        return "py-spy may not look at the server: run as root or as its user with ptrace allowed"
    last = told.strip().splitlines()
    return f"py-spy failed: {last[-1] if last else 'no reason given'}"[:300]


def _add(path: Path, counts: dict[str, int]) -> None:
    for line in path.read_text(errors="replace").splitlines():
        stack, _, count = line.rpartition(" ")
        with suppress(ValueError):
            counts[stack] = counts.get(stack, 0) + int(count)
