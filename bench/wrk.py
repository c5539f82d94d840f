"""Run wrk (https://github.com/wg/wrk) and read its report."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Report:
    """What one run of wrk measured (closed loop: each connection waits for its answer)."""

    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int


def version() -> str:
    """The first line wrk prints of itself."""
    return subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout.split(" Copy")[0]


def run(
    url: str,
    script: str,
    arguments: list[str],
    *,
    seconds: int,
    connections: int = 32,
    threads: int = 1,
    core: int | None = None,
) -> Report:
    """Load `url` for some seconds; `core` pins the generator."""
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    command = [
        *pinned,
        "wrk",
        "--latency",
        f"-t{threads}",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(SCRIPTS / script),
        url,
        "--",
        *arguments,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + 60, cwd=SCRIPTS
    )
    return parse(done.stdout)


def parse(text: str) -> Report:
    """Read wrk's report."""
    socket_errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, socket_errors.groups())) if socket_errors else 0
    return Report(
        per_s=float(_found(r"Requests/sec:\s+([\d.]+)", text)),
        p50_ms=_milliseconds(text, "50%"),
        p99_ms=_milliseconds(text, "99%"),
        errors=errors + (int(refused[1]) if refused else 0),
    )


def _milliseconds(text: str, label: str) -> float:
    found = re.search(rf"^\s+{label}\s+([\d.]+)(us|ms|s|m)\s*$", text, re.M)
    if not found:
        raise ValueError(f"wrk printed no {label} latency:\n{text}")
    return float(found[1]) * UNITS_MS[found[2]]


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise ValueError(f"wrk's report lacks {pattern}")
    return found[1]
