"""The `fields` parameter: which keys of an answer a client wants to see."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from tenfold.errors import BadRequest

MAX_PATHS = 500
_EXCERPT = re.compile(r"^excerpt\(\s*(\d+)\s*(?:,\s*(true|false)\s*)?\)$")
_TAGS = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Plain text cut to `limit` characters, marked with "..." when asked."""

    limit: int
    is_marked: bool

    def apply(self, value: Any) -> Any:
        """The excerpt of a text; other values stay as they are."""
        if not isinstance(value, str):
            return value
        plain = _SPACES.sub(" ", html.unescape(_TAGS.sub(" ", value))).strip()
        if len(plain) <= self.limit:
            return plain
        return plain[: self.limit].strip() + ("..." if self.is_marked else "")


@dataclass(slots=True)
class Shape:
    """A tree of wanted keys; a node without children wants the whole value."""

    keys: dict[str, Shape] = field(default_factory=dict[str, Any])
    wants_all: bool = False
    excerpt: Excerpt | None = None

    def pick(self, value: Any) -> Any:
        """The wanted part of a JSON value; lists are picked item by item."""
        if isinstance(value, list):
            return [self.pick(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, msgspec.Raw) and (self.keys or self.excerpt):
            return self.pick(msgspec.json.decode(value))
        if not isinstance(value, dict):
            return self.excerpt.apply(value) if self.excerpt else value
        if not self.keys:
            return value  # pyright: ignore[reportUnknownVariableType]
        picked: dict[str, Any] = dict(value) if self.wants_all else {}  # pyright: ignore[reportUnknownArgumentType]
        for key, shape in self.keys.items():
            if key in value:
                picked[key] = shape.pick(value[key])
        return picked


@lru_cache(maxsize=1024)
def parse_shape(text: str) -> Shape | None:
    """Parse `*,title:excerpt(200,true),expand.author.name`; None when everything is wanted."""
    paths = _split(text)
    if len(paths) > MAX_PATHS:
        raise BadRequest("Too many fields are asked for.")
    root = Shape()
    for path in paths:
        _add(root, path)
    return root if root.keys else None


def _split(text: str) -> list[str]:
    """Split at commas that stand outside of parentheses."""
    return [p.strip() for p in re.split(r",(?![^(]*\))", text) if p.strip()]


def _add(root: Shape, path: str) -> None:
    names, _, modifier = path.partition(":")
    node = root
    for name in names.split("."):
        if name == "*":
            node.wants_all = True
            node.keys.setdefault("*", Shape())
            return
        node = node.keys.setdefault(name, Shape())
    if modifier:
        node.excerpt = _excerpt(modifier)


def _excerpt(modifier: str) -> Excerpt:
    found = _EXCERPT.match(modifier.strip())
    if not found:
        raise BadRequest()
    return Excerpt(int(found[1]), found[2] == "true")
