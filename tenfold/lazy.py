"""Modules that take long to load and are seldom needed: a third of the time of a start."""

from __future__ import annotations

import importlib
from typing import Any


class LazyModule:
    """Stands for a module and loads it when the first of its names is asked for.

    Assign it beside a plain import for the type checker: `if TYPE_CHECKING: import x` and
    `else: x = LazyModule("x")`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)
