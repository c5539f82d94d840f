"""docs/hooks.md names every decorator and attribute, and its code can be loaded."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tenfold.hooks import (
    AuthEvent,
    HookRegistry,
    JobEvent,
    ListEvent,
    RecordEvent,
    RouteEvent,
    ViewEvent,
)

TEXT = (Path(__file__).parents[2] / "docs/hooks.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
FOR_THE_SERVICE = {
    "load", "clear", "bind", "stop", "has", "before", "after", "enrich", "listed", "authenticated",
    "backend",
}  # fmt: skip
DECORATORS = [
    "before_create", "after_create", "before_update", "after_update", "before_delete",
    "after_delete", "view", "list", "auth", "route", "cron", "job",
]  # fmt: skip


@pytest.mark.parametrize("name", DECORATORS)
def test_decorators(name: str) -> None:
    assert hasattr(HookRegistry, name)
    assert f"`@hooks.{name}()`" in TEXT


def test_nothing_public_is_left_out() -> None:
    public = {n for n, _ in inspect.getmembers(HookRegistry) if not n.startswith("_")}
    for name in public - FOR_THE_SERVICE - set(DECORATORS):
        assert f"hooks.{name}" in TEXT, name


@pytest.mark.parametrize("event", [RecordEvent, ViewEvent, ListEvent, AuthEvent, RouteEvent])
def test_attributes(event: type) -> None:
    assert f"`{event.__name__}`" in TEXT
    for field in fields(event):
        if field.name not in ("hidden", "extra"):
            assert f"`{field.name}`" in TEXT, field.name


def test_jobs() -> None:
    assert f"`{JobEvent.__name__}`" in TEXT
    assert all(f"`{name}`" in TEXT for name in ("id", "name", "payload", "attempt"))


@pytest.mark.parametrize("number", range(len(CODE)))
def test_code_loads(tmp_path: Path, number: int) -> None:
    own = "from tenfold.hooks import HookRegistry\nhooks = HookRegistry()\n"
    code = re.sub(r"import (.*), hooks\n", rf"import \1\n{own}", CODE[number])
    path = tmp_path / "hook.py"
    path.write_text(code)
    exec(compile(code, str(path), "exec"), {})
