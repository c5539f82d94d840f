"""The README's JavaScript works as it stands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx

from tests.targets import Tenfold

README = (Path(__file__).parents[2] / "README.md").read_text()
POSTS = {"name": "posts", "fields": [{"name": "title", "type": "text"}], "listRule": ""}


def test_readme(scripts: Path, tmp_path: Path) -> None:
    """It hears of a post that is made once it has subscribed."""
    found = re.search(r"```js\n(.*?)```", README, re.DOTALL)
    assert found
    code = re.sub(r"^// (?=import )", "", found[1], flags=re.MULTILINE)
    with Tenfold(tmp_path / "data") as server:
        headers = {"Authorization": server.token}
        (scripts / "readme.mjs").write_text(
            code.replace("http://127.0.0.1:8090", server.url) + '\nconsole.log("subscribed");\n'
        )
        with httpx.Client(base_url=server.url, headers=headers) as client:
            client.post("/api/collections", json=POSTS).raise_for_status()
            process = subprocess.Popen(
                ["node", "readme.mjs"], cwd=scripts, stdout=subprocess.PIPE, text=True
            )
            assert process.stdout
            try:
                assert process.stdout.readline() == "subscribed\n"
                client.post("/api/collections/posts/records", json={"title": "Hello"})
                assert process.stdout.readline().startswith("create {")
            finally:
                process.kill()
                process.communicate(timeout=10)
