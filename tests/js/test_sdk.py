"""Run the SDK's tests in Node."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.targets import EMAIL, PASSWORD, PocketBase, Server, Tenfold

RUN_LIMIT_S = 180


@pytest.mark.parametrize("kind", [Tenfold, PocketBase])
def test_sdk(scripts: Path, tmp_path: Path, kind: type[Server]) -> None:
    """All of it works with Tenfold; with PocketBase, too, so the tests are right."""
    with kind(tmp_path / "data") as server:
        told = {"SDK_URL": server.url, "SDK_EMAIL": EMAIL, "SDK_PASSWORD": PASSWORD}
        done = subprocess.run(
            ["node", "--test", "sdk.test.mjs"],
            cwd=scripts,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            timeout=RUN_LIMIT_S,
        )
    assert done.returncode == 0, done.stdout + done.stderr
