"""Run the SDK's tests in Node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.targets import EMAIL, PASSWORD, PocketBase, Server, Tenfold

HERE = Path(__file__).parent
INSTALL = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
INSTALL_LIMIT_S = 120
RUN_LIMIT_S = 180

pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and shutil.which("npm")), reason="Node is not installed"
)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test scripts, with the SDK installed beside them."""
    folder = tmp_path_factory.mktemp("sdk")
    for path in [*HERE.glob("*.mjs"), *HERE.glob("*.json")]:
        shutil.copy(path, folder)
    subprocess.run(INSTALL, cwd=folder, check=True, capture_output=True, timeout=INSTALL_LIMIT_S)
    return folder


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
