"""Draw stacks as a flame graph: SVG by hand, no script. Wider is more often; it grows downwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

WIDTH = 1_200.0
ROW = 18.0
MIN_SHARE = 0.002
"""Narrower frames are not drawn."""

LETTER = 6.6
MAX_DEPTH = 60
THREAD = "thread ("


@dataclass(slots=True)
class Frame:
    """A function as called by those above it, and how often it was seen there."""

    name: str
    count: int = 0
    inside: dict[str, Frame] = field(default_factory=dict[str, "Frame"])

    def into(self, name: str) -> Frame:
        """The frame of what is called from here."""
        found = self.inside.get(name)
        if found is None:
            found = self.inside[name] = Frame(name)
        return found


def tree(stacks: Mapping[str, int]) -> Frame:
    """All stacks as one tree. Frames that every stack begins with are left out."""
    root = Frame("all")
    for stack, count in stacks.items():
        frame = root
        frame.count += count
        for name in _frames(stack)[:MAX_DEPTH]:
            frame = frame.into(name)
            frame.count += count
    while len(root.inside) == 1:
        (only,) = root.inside.values()
        if only.count < root.count or not only.inside:
            break
        root = only
    return root


def self_times(stacks: Mapping[str, int]) -> dict[str, int]:
    """How often each function was seen at work itself, the most frequent first."""
    counts: dict[str, int] = {}
    for stack, count in stacks.items():
        frames = _frames(stack)
        if frames:
            counts[frames[-1]] = counts.get(frames[-1], 0) + count
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def share_of(stacks: Mapping[str, int], part: str) -> float:
    """The share of all stacks in which a frame's text holds `part`, 0..1."""
    total = sum(stacks.values())
    found = sum(count for stack, count in stacks.items() if part in stack)
    return found / total if total else 0.0


def flame_svg(stacks: Mapping[str, int]) -> str:
    """The graph as a whole SVG document; empty without stacks."""
    root = tree(stacks)
    if not root.count:
        return ""
    drawn = list(_rectangles(root, root.count, 0.0, 0))
    height = (max(depth for _, _, depth, _ in drawn) + 1) * ROW
    parts = [
        f'<svg class="flame" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}"'
        ' font-family="ui-monospace, monospace" font-size="11" role="img"'
        ' aria-label="flame graph of the server">'
    ]
    for frame, x, depth, width in drawn:
        share = frame.count / root.count
        name = escape(frame.name)
        shown = escape(_fitting(frame.name, width))
        parts.append(
            f"<g><title>{name}: {frame.count} of {root.count}, {share:.1%}</title>"
            f'<rect x="{x:.1f}" y="{depth * ROW:g}" width="{max(width - 0.5, 0.5):.1f}"'
            f' height="{ROW - 1:g}" rx="2" fill="{_color(frame.name)}"/>'
            f'<text x="{x + 4:.1f}" y="{depth * ROW + 12.5:g}" fill="#1a1408">{shown}</text></g>'
        )
    return "\n".join([*parts, "</svg>"])


def _frames(stack: str) -> list[str]:
    """The functions of a stack without line numbers; the thread's name first."""
    names: list[str] = []
    for frame in stack.split(";"):
        if frame.startswith(THREAD):
            names.append(frame.partition(": ")[2] or "io")
        else:
            names.append(_without_line(frame))
    return names


def _without_line(frame: str) -> str:
    before, colon, after = frame.rpartition(":")
    return f"{before})" if colon and after[:-1].isdigit() else frame


def _rectangles(
    frame: Frame, total: int, x: float, depth: int
) -> Iterator[tuple[Frame, float, int, float]]:
    """Frame, left edge, row, width; parents before their children."""
    width = frame.count / total * WIDTH
    if frame.count / total < MIN_SHARE:
        return
    yield frame, x, depth, width
    for inner in sorted(frame.inside.values(), key=lambda inner: inner.name):
        yield from _rectangles(inner, total, x, depth + 1)
        x += inner.count / total * WIDTH


def _fitting(name: str, width: float) -> str:
    letters = int((width - 8) / LETTER)
    if letters < 3:
        return ""
    return name if len(name) <= letters else name[: letters - 1] + "…"


def _color(name: str) -> str:
    """Warm; by the room of the code, so that what belongs together looks alike."""
    place = name.partition("(")[2]
    room = "/".join(place.split("/")[:2]) or name
    number = sum(ord(letter) * (place + 1) for place, letter in enumerate(room))
    hue = 18 + number % 36
    return f"hsl({hue} {70 + number % 20}% {62 + number % 12}%)"
