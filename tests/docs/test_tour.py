"""The README's five minutes work as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from tests.targets import Tenfold

README = (Path(__file__).parents[2] / "README.md").read_text()
TOUR = README.partition("## Five minutes")[2].partition("\n## ")[0]


def test_shell(tmp_path: Path) -> None:
    """All shell blocks, one after the other, in one shell; the last prints what was made."""
    server = Tenfold(tmp_path / "data")
    script = "\n".join(re.findall(r"```sh\n(.*?)```", TOUR, re.DOTALL))
    for ours, theirs in ((".venv/bin/tenfold", server.program()), (":8090", f":{server.port}")):
        assert ours in script
        script = script.replace(ours, theirs)
    server.start()
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=os.environ | {"TENFOLD_DIR": str(server.dir)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        server.stop()
    assert done.returncode == 0 and not done.stderr, done.stderr
    said, _, page = done.stdout.partition('{"items":')
    shown = json.loads('{"items":' + page)["items"]
    assert [post["title"] for post in shown] == ["Hello"]
    assert '"status"' not in said, "nothing was refused"
