"""Make a smaller image with libvips. Everything here blocks: call it in a thread.

Only PNG, JPEG, GIF and WebP are opened, after their signatures were seen; loaders that libvips
itself calls unsafe are off. Images that are huge, broken or animated WebP give None: the
original is served instead.
"""

from __future__ import annotations

import time
from pathlib import Path

import pyvips

from tenfold.files.thumb_sizes import Shape, shape

MAX_PIXELS = 64_000_000
MAX_BYTES = 128 * 1024 * 1024
TIME_LIMIT_S = 10.0

FORMATS = {
    "image/png": ".png[compression=6]",
    "image/jpeg": ".jpg[Q=88,optimize_coding]",
    "image/gif": ".gif",
    "image/webp": ".png[compression=6]",
}
"""What a thumb of each format is saved as."""

_TURNED_FROM = 5  # EXIF orientations from here on swap width and height

# The thumbs' own threads bound the load. (pyvips's type stubs do not know this one.)
pyvips.concurrency_set(1)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
pyvips.cache_set_max(0)  # every image is seen once: nothing to remember
pyvips.block_untrusted_set(True)


def make_thumb(
    source: Path | bytes, mime: str, size: str, time_limit_s: float = TIME_LIMIT_S
) -> bytes | None:
    """The thumb's file, or None when there can't be one."""
    if mime not in FORMATS:
        return None
    try:
        plan = _plan(source, size)
        return None if plan is None else _render(source, mime, plan, time_limit_s)
    except pyvips.Error:
        return None


def _plan(source: Path | bytes, size: str) -> Shape | None:
    head = _open(source)
    width, height = _number(head, "width"), _number(head, "height")
    if _number(head, "n-pages") > 1 and "webp" in str(head.get("vips-loader")):
        return None
    if _number(head, "orientation") >= _TURNED_FROM:
        width, height = height, width
    if not 0 < width * height <= MAX_PIXELS:
        return None
    wanted = shape(size, width, height)
    return wanted if wanted and wanted.pixel_count <= MAX_PIXELS else None


def _render(source: Path | bytes, mime: str, plan: Shape, time_limit_s: float) -> bytes:
    image = _resized(source, plan)
    if (plan.cut_width, plan.cut_height) != (plan.width, plan.height):
        image = image.crop(plan.left, plan.top, plan.cut_width, plan.cut_height)
    deadline = time.monotonic() + time_limit_s

    def stop_when_late(running: pyvips.Image, _: object) -> None:
        if time.monotonic() > deadline:
            running.set_kill(True)

    image.set_progress(True)
    image.signal_connect("eval", stop_when_late)
    return image.write_to_buffer(FORMATS[mime], keep="none")


def _open(source: Path | bytes) -> pyvips.Image:
    if isinstance(source, bytes):
        return pyvips.Image.new_from_buffer(source, "", access="sequential")
    return pyvips.Image.new_from_file(str(source), access="sequential")


def _resized(source: Path | bytes, plan: Shape) -> pyvips.Image:
    """Load and resize in one go (JPEGs are shrunk while they are decoded), upright, as sRGB."""
    if isinstance(source, bytes):
        return pyvips.Image.thumbnail_buffer(
            source,
            plan.width,
            height=plan.height,
            size="force",
            output_profile="srgb",
            fail_on="truncated",
        )
    return pyvips.Image.thumbnail(
        str(source),
        plan.width,
        height=plan.height,
        size="force",
        output_profile="srgb",
        fail_on="truncated",
    )


def _number(image: pyvips.Image, name: str) -> int:
    value = image.get(name) if image.get_typeof(name) else 0
    return value if isinstance(value, int) else 0
