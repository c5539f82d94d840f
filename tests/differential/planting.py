"""How data comes into the servers, and the count of what was compared."""

from __future__ import annotations

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
    target.run([target.program(), "import", str(source), "--dir", str(target.dir)])
