"""What a thumb's size text means, and how big the thumb of an image becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_SIZE = "100x100"
"""The one size that every file field has."""

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})([tbf]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shape:
    """How to make a thumb: resize to `width` x `height`, then cut a part of that out."""

    width: int
    height: int
    left: int
    top: int
    cut_width: int
    cut_height: int

    @property
    def pixel_count(self) -> int:
        """How many pixels the bigger of both steps has."""
        return self.width * self.height


def shape(size: str, width: int, height: int) -> Shape | None:
    """The thumb of an image of `width` x `height`; None when the size says nothing.

    "WxH" covers the box and cuts around the middle, "t" keeps the top and "b" the bottom; "f"
    fits into the box and never enlarges; "0xH" and "Wx0" keep the proportions.
    """
    found = _SIZE.fullmatch(size)
    if found is None:
        return None
    box_width, box_height, mode = int(found[1]), int(found[2]), found[3]
    if not box_width and not box_height:
        return None
    if not box_width:
        return _whole(int(box_height * width / height + 0.5), box_height)
    if not box_height:
        return _whole(box_width, int(box_width * height / width + 0.5))
    if mode == "f":
        return _fit(box_width, box_height, width, height)
    return _cover(box_width, box_height, width, height, mode)


def _whole(width: int, height: int) -> Shape:
    width, height = max(1, width), max(1, height)
    return Shape(width, height, 0, 0, width, height)


def _fit(box_width: int, box_height: int, width: int, height: int) -> Shape:
    if width <= box_width and height <= box_height:
        return _whole(width, height)
    if width * box_height > height * box_width:
        return _whole(box_width, box_width * height // width)
    return _whole(box_height * width // height, box_height)


def _cover(box_width: int, box_height: int, width: int, height: int, mode: str) -> Shape:
    if width * box_height > height * box_width:
        full_width, full_height = max(box_width, round(box_height * width / height)), box_height
    else:
        full_width, full_height = box_width, max(box_height, round(box_width * height / width))
    spare = full_height - box_height
    top = {"t": 0, "b": spare}.get(mode, spare // 2)
    left = (full_width - box_width) // 2
    return Shape(full_width, full_height, left, top, box_width, box_height)
