"""Charts as SVG, drawn by hand: they follow the page's colors, need no script, and say their
figures when pointed at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720.0
HEIGHT = 220.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 12.0, 28.0
TICKS = 4
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; `kind` is a CSS class (a, b, c, d) that gives its color."""

    name: str
    points: Sequence[Point]
    kind: str
    is_filled: bool = False


def line_chart(
    title: str, lines: Sequence[Line], *, x_name: str, y_name: str, y_from_zero: bool = True
) -> str:
    """Lines over time; empty without points."""
    drawn = [line for line in lines if len(line.points) > 1]
    if not drawn:
        return ""
    xs = [x for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points]
    low_y = 0.0 if y_from_zero else min(ys)
    scale = _Scale(min(xs), max(xs), low_y, _nice(max(ys)))
    parts = [_frame(title), *_grid_y(scale, y_name), *_grid_x(scale, x_name)]
    for line in drawn:
        path = " L".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in line.points)
        if line.is_filled:
            first, last = line.points[0][0], line.points[-1][0]
            base = scale.y(low_y)
            parts.append(
                f'<path class="area {line.kind}" d="M{scale.x(first):.1f},{base:.1f} L{path}'
                f' L{scale.x(last):.1f},{base:.1f} Z"/>'
            )
        parts.append(
            f'<path class="line {line.kind}" d="M{path}"><title>{escape(line.name)}</title></path>'
        )
    return "\n".join([*parts, "</svg>", _legend(drawn)])


def latency_chart(title: str, lines: Sequence[Line]) -> str:
    """Latency by percentile, both axes by decades, so that the tail can be seen.

    Points are (percentile 0..100, ms).
    """
    drawn = [line for line in lines if len(line.points) > 1]
    if not drawn:
        return ""
    values = [y for line in drawn for _, y in line.points if y > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    scale = _Scale(0.0, 4.0, low, max(high, low + 1))
    parts = [_frame(title)]
    for power in range(low, int(scale.high_y) + 1):
        parts += _rule_y(scale.y(power), _number(10.0**power) + " ms")
    for place, name in enumerate(("0%", "90%", "99%", "99.9%", "99.99%")):
        parts += _rule_x(scale.x(place), name)
    for line in drawn:
        path = " L".join(
            f"{scale.x(min(4.0, _nines(x))):.1f},{scale.y(math.log10(max(y, 10.0**low))):.1f}"
            for x, y in line.points
        )
        parts.append(
            f'<path class="line {line.kind}" d="M{path}"><title>{escape(line.name)}</title></path>'
        )
    return "\n".join([*parts, "</svg>", _legend(drawn)])


def bar_chart(title: str, bars: Sequence[tuple[str, float, str]]) -> str:
    """Shares of one, one bar each with its name and a remark."""
    if not bars:
        return ""
    row, left = 26.0, 150.0
    height = TOP + row * len(bars) + 8
    width = WIDTH - left - 250
    parts = [
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
    ]
    for place, (name, share, remark) in enumerate(bars):
        y = TOP + place * row
        kind = "full" if share > 0.85 else "strained" if share > 0.6 else "calm"
        parts += [
            f'<text class="name" x="{left - 8}" y="{y + 13}" text-anchor="end">'
            f"{escape(name)}</text>",
            f'<rect class="track" x="{left}" y="{y}" width="{width}" height="18" rx="3"/>',
            f'<rect class="bar {kind}" x="{left}" y="{y}"'
            f' width="{max(2, width * min(1, share)):.1f}"'
            ' height="18" rx="3"/>',
            f'<text class="name" x="{left + width + 8}" y="{y + 13}">{share:.0%}'
            f'  <tspan class="quiet">{escape(remark[:44])}</tspan></text>',
        ]
    return "\n".join([*parts, "</svg>"])


@dataclass(frozen=True, slots=True)
class _Scale:
    low_x: float
    high_x: float
    low_y: float
    high_y: float

    def x(self, value: float) -> float:
        span = max(self.high_x - self.low_x, 1e-9)
        return LEFT + (value - self.low_x) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        span = max(self.high_y - self.low_y, 1e-9)
        return HEIGHT - BOTTOM - (value - self.low_y) / span * (HEIGHT - TOP - BOTTOM)


def _frame(title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>"
    )


def _grid_y(scale: _Scale, name: str) -> list[str]:
    parts: list[str] = []
    for tick in range(TICKS + 1):
        value = scale.low_y + (scale.high_y - scale.low_y) * tick / TICKS
        shown = _number(value) + (f" {name}" if tick == TICKS else "")
        parts += _rule_y(scale.y(value), shown)
    return parts


def _grid_x(scale: _Scale, name: str) -> list[str]:
    parts: list[str] = []
    for tick in range(TICKS + 1):
        value = scale.low_x + (scale.high_x - scale.low_x) * tick / TICKS
        parts += _rule_x(scale.x(value), f"{_number(value)} {name}")
    return parts


def _rule_y(y: float, shown: str) -> list[str]:
    return [
        f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
        f"{escape(shown)}</text>",
    ]


def _rule_x(x: float, shown: str) -> list[str]:
    y = HEIGHT - BOTTOM
    anchor = "end" if x > WIDTH - RIGHT - 20 else "start" if x < LEFT + 20 else "middle"
    return [
        f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{y}"/>',
        f'<text class="tick" x="{x:.1f}" y="{y + 16}" text-anchor="{anchor}">'
        f"{escape(shown)}</text>",
    ]


def _legend(lines: Sequence[Line]) -> str:
    items = "".join(
        f'<span><i class="{line.kind}"></i>{escape(line.name)}</span>' for line in lines
    )
    return f'<p class="legend">{items}</p>'


def _nines(percentile: float) -> float:
    """How many nines a percentile has: 90 is 1, 99 is 2."""
    return -math.log10(max(1e-9, 1 - percentile / 100))


def _nice(value: float) -> float:
    """A round number not below a value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value
    )


def _number(value: float) -> str:
    """Three figures, short."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"
