"""Waits until servers are at rest: what one still does after its round would slow the next."""

from __future__ import annotations

import time

import psutil

from tests.targets import Server

WINDOW_S = 0.5
BUSY_CORES = 0.05
LIMIT_S = 20.0


def until_at_rest(*servers: Server) -> None:
    """Return once none of them uses a twentieth of a core, or after `LIMIT_S`."""
    deadline = time.monotonic() + LIMIT_S
    before = cpu_s(servers)
    while time.monotonic() < deadline:
        time.sleep(WINDOW_S)
        now = cpu_s(servers)
        if now - before < BUSY_CORES * WINDOW_S * len(servers):
            return
        before = now


def cpu_s(servers: tuple[Server, ...]) -> float:
    """Processor time that servers and their children have taken."""
    total = 0.0
    for server in servers:
        assert server.process is not None
        main = psutil.Process(server.process.pid)
        for process in (main, *main.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
    return total
