"""A fresh clone starts: all that pyproject.toml asks for is in the lock file."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {
        re.split(r"[^\w.-]", line)[0].lower()
        for line in project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    }
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    assert asked <= locked, "run `make lock`"
