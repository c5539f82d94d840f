"""The `fields` parameter: which keys of an answer a client wants to see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

import msgspec

from tenfold.errors import BadRequest
from tenfold.records.excerpt import plain_text
from tenfold.schema.values.scalars import to_bool

MAX_PATHS = 500
_EXCERPT = re.compile(r"^excerpt\(\s*(\d{1,18})\s*(?:,\s*([^,()]*)\s*)?\)$")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Plain text cut to `limit` characters, marked with "..." when asked."""

    limit: int
    is_marked: bool

    def apply(self, value: Any) -> Any:
        """The excerpt of a text; other values stay as they are."""
        if not isinstance(value, str):
            return value
        plain = plain_text(value)
        if len(plain) <= self.limit:
            return plain
        return plain[: self.limit].strip() + ("..." if self.is_marked else "")


@dataclass(slots=True)
class Shape:
    """A tree of wanted keys; a node without children wants the whole value.

    `others` is what is wanted of keys that are not named (None: nothing).
    """

    keys: dict[str, Shape] = field(default_factory=dict[str, Any])
    others: Shape | None = None
    excerpt: Excerpt | None = None

    def pick(self, value: Any) -> Any:
        """The wanted part of a JSON value; lists are picked item by item."""
        is_whole = not self.keys and self.others is None
        if isinstance(value, msgspec.Raw) and (self.excerpt or not is_whole):
            return self.pick(msgspec.json.decode(value))
        if is_whole:
            return self.excerpt.apply(value) if self.excerpt else value
        if isinstance(value, list | tuple):
            return [self.pick(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(value, dict):
            return value
        picked: dict[str, Any] = {}
        for key, part in cast("dict[str, Any]", value).items():
            shape = self.keys.get(key, self.others)
            if shape is not None:
                picked[key] = shape.pick(part)
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
    return root if paths else None


def _split(text: str) -> list[str]:
    """Split at commas that stand outside of parentheses."""
    return [p.strip() for p in re.split(r",(?![^(]*\))", text) if p.strip()]


def _add(root: Shape, path: str) -> None:
    names, _, modifier = path.partition(":")
    excerpt = _excerpt(modifier) if modifier else None
    *above, last = names.split(".")
    node = root
    for name in above:
        node = node.keys.setdefault(name, Shape())
    if last == "*":
        node.others = Shape(excerpt=excerpt)
    else:
        node.keys.setdefault(last, Shape()).excerpt = excerpt


def _excerpt(modifier: str) -> Excerpt:
    found = _EXCERPT.match(modifier.strip())
    if not found or not int(found[1]):
        raise BadRequest()
    return Excerpt(int(found[1]), to_bool((found[2] or "").strip()))
