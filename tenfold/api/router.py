"""Find the route of a method and path: one dict step per path segment, no regex.

A literal segment beats a placeholder, which beats `{rest...}`; a branch that leads nowhere is
given up for the next best, so `GET /{path...}` catches what no other GET route takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenfold.api.http import Route
from tenfold.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Leaf:
    """A route with the places of its placeholders in the split path; `rest_at` 0 is none."""

    route: Route
    names: tuple[tuple[int, str], ...]
    rest_at: int = 0
    rest_name: str = ""

    def params(self, segments: list[str]) -> dict[str, str]:
        """The placeholders' values for a path split at "/" (so segment 0 is empty)."""
        values = {name: segments[place] for place, name in self.names}
        if self.rest_at:
            values[self.rest_name] = "/".join(segments[self.rest_at :])
        return values


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    placeholder: _Node | None = None
    leaves: dict[str, Leaf] = field(default_factory=dict[str, Leaf])
    rests: dict[str, Leaf] = field(default_factory=dict[str, Leaf])


class Router:
    """A set of routes; routes are added at start only."""

    __slots__ = ("_root",)

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._root = _Node()
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        """Add a route. Raises: OperatorError when the pattern is malformed or taken."""
        if not route.pattern.startswith("/"):
            raise OperatorError(f"Route pattern {route.pattern!r} must start with a slash.")
        node = self._root
        names: list[tuple[int, str]] = []
        segments = route.pattern.split("/")
        for place, segment in enumerate(segments[1:], 1):
            if segment.endswith("...}") and segment.startswith("{"):
                if place != len(segments) - 1:
                    raise OperatorError(f"{segment} must end the pattern {route.pattern!r}.")
                self._put(node.rests, Leaf(route, tuple(names), place, segment[1:-4]))
                return
            node = self._step(node, segment, place, names)
        self._put(node.leaves, Leaf(route, tuple(names)))

    def find(self, method: str, segments: list[str]) -> Leaf | None:
        """The leaf for a path split at "/", or None. HEAD is answered by GET routes."""
        leaf = _walk(self._root, segments, 1, method)
        if leaf is None and method == "HEAD":
            return _walk(self._root, segments, 1, "GET")
        return leaf

    @staticmethod
    def _step(node: _Node, segment: str, place: int, names: list[tuple[int, str]]) -> _Node:
        if segment.startswith("{") and segment.endswith("}"):
            names.append((place, segment[1:-1]))
            node.placeholder = node.placeholder or _Node()
            return node.placeholder
        return node.literals.setdefault(segment, _Node())

    @staticmethod
    def _put(leaves: dict[str, Leaf], leaf: Leaf) -> None:
        method = leaf.route.method.upper()
        if method in leaves:
            raise OperatorError(f"Two routes answer {method} {leaf.route.pattern}.")
        leaves[method] = leaf


def _walk(node: _Node, segments: list[str], place: int, method: str) -> Leaf | None:
    if place == len(segments):
        return node.leaves.get(method)
    segment = segments[place]
    literal = node.literals.get(segment)
    if literal is not None:
        leaf = _walk(literal, segments, place + 1, method)
        if leaf is not None:
            return leaf
    if node.placeholder is not None and segment:
        leaf = _walk(node.placeholder, segments, place + 1, method)
        if leaf is not None:
            return leaf
    return node.rests.get(method)


def clean_path(path: str) -> str:
    """The path without empty, "." and ".." segments; a trailing slash is kept."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    trailing = "/" if kept and segments[-1] in ("", ".", "..") else ""
    return "/" + "/".join(kept) + trailing
