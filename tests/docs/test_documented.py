"""What an operator can set or run is documented, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from tenfold.administration import StoredSettings
from tenfold.administration.stored import to_public
from tenfold.cli.program import make_program
from tenfold.settings import KEYS, PREFIX, Settings

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs/settings.md").read_text()
COMMANDS = (ROOT / "docs/commands.md").read_text()

_ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
_IN_WORDS = frozenset(
    ("dir", "hooks_dir", "public_dir", "origins", "encryption_key", "blobs", "store_password")
)


def test_boot_settings() -> None:
    """The table names each key with its variable, its default and its meaning, in order."""
    rows = _ROW.findall(SETTINGS)
    assert [row[0] for row in rows] == [field.name for field in fields(Settings)]
    for name, variable, default, meaning in rows:
        assert variable == PREFIX + name.upper()
        assert meaning == KEYS[name].help
        value = getattr(Settings(), name)
        shown = f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
        assert name in _IN_WORDS or default == shown


@pytest.mark.parametrize("name", list(KEYS))
def test_boot_settings_have_an_effect(name: str) -> None:
    """No setting is read and then forgotten."""
    properties = {
        "http": "host",
        "workers": "worker_count",
        "cache_bytes": "worker_cache_bytes",
    }
    wanted = properties.get(name) or name.replace("_dir", "_folder")
    source = "".join(path.read_text() for path in (ROOT / "tenfold").rglob("*.py"))
    assert re.search(rf"settings\.{wanted}\b", source)


def _paths(tree: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in tree.items():
        is_group = isinstance(value, dict) and key != "s3"
        yield from _paths(value, f"{prefix}{key}.") if is_group else [f"{prefix}{key}"]  # pyright: ignore[reportUnknownArgumentType]


@pytest.mark.parametrize(
    "path", [*_paths(to_public(StoredSettings())), "smtp.password", "s3.secret", "s3.bucket"]
)
def test_stored_settings(path: str) -> None:
    assert f"`{path}" in SETTINGS


def _commands(program: App, name: str) -> Iterator[tuple[str, Any]]:
    if program.default_command is not None:
        yield name, program.default_command
    for verb in program:
        if not verb.startswith("-"):
            yield from _commands(program[verb], f"{name} {verb}")


@pytest.mark.parametrize(("name", "command"), [*_commands(make_program(), "tenfold")])
def test_commands(name: str, command: Any) -> None:
    """Each command and each of its flags is documented, and `--help` says what it does."""
    assert name in COMMANDS
    assert inspect.getdoc(command)
    for parameter in inspect.signature(command).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            assert f"--{parameter.name.replace('_', '-')}" in COMMANDS
