"""The rows of the table: which load, which goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.dataset import GROUP_SIZE


@dataclass(frozen=True)
class Work:
    """One kind of load. `arguments` makes the script's arguments from (records, token)."""

    name: str
    script: str
    goal_ratio: float
    arguments: Callable[[int, str], list[str]]
    has_trickle: bool = False
    """Whether one write a second goes on beside the load."""


WORKS = (
    Work("view by id, public rule", "view.lua", 6.0, lambda records, _: ["posts", str(records)]),
    Work(
        "view by id, token and owner rule",
        "view.lua",
        5.0,
        lambda records, token: ["notes", str(records), token],
    ),
    Work(
        "list 30, -created, skipTotal, 1 write/s",
        "list.lua",
        8.0,
        lambda _, __: ["posts"],
        has_trickle=True,
    ),
    Work(
        "list 30, random indexed filter",
        "filter.lua",
        1.5,
        lambda records, _: ["posts", str(records // GROUP_SIZE)],
    ),
    Work("create 1 KB, durable", "create.lua", 2.0, lambda _, __: ["posts"]),
    Work("update 1 KB, durable", "update.lua", 2.0, lambda records, _: ["posts", str(records)]),
)
