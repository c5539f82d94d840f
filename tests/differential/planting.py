"""How data comes into the servers, and the count of what was compared."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx

from tests.differential.pair import Tally
from tests.targets import Tenfold

TALLY = Tally()


def expect_success(answer: httpx.Response) -> None:
    """Fail with what the server says."""
    assert answer.is_success, f"{answer.request.url}: {answer.text}"


def copy_data(source: Path, target: Tenfold) -> None:
    """Import a PocketBase data folder."""
    command = [target.program(), "import", str(source), "--dir", str(target.dir)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
