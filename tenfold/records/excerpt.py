"""Plain text out of HTML, as `fields=body:excerpt(200)` shows it."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator

MAX_READ_CHARS = 200_000
"""Longer texts are read this far, so that one excerpt stays cheap."""

_INLINE = frozenset(
    "a abbr acronym b bdo big body br cite code em embed frame frameset head html i image img"
    " input label q small span strike strong sub sup time".split()
)
_UNSEEN = frozenset(
    "applet button dialog form iframe object option picture script select style svg template"
    " textarea".split()
)
_VOID = frozenset("area base basefont bgsound hr keygen link meta param source track wbr".split())
_RAW = frozenset("iframe script style textarea".split())
"""Elements whose content is no HTML."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>\0]*)")
_END_OR_QUOTE = re.compile("[>\"']")
_SPACES = re.compile(r"[ \t\n\f\r]+")


def plain_text(text: str) -> str:
    """The text that a reader of the HTML sees, white space collapsed."""
    shown = "".join(_visible(text[:MAX_READ_CHARS])).replace("\0", "")
    return _SPACES.sub(" ", shown).strip(" ")


def _visible(text: str) -> Iterator[str]:
    """The pieces of visible text; block elements stand apart by spaces."""
    unseen, depth = "", 0
    opened: Counter[str] = Counter()
    for name, is_end, piece in _pieces(text):
        if unseen:
            if name == unseen:
                depth += -1 if is_end else 1
            if not depth:
                unseen = ""
        elif not name:
            yield html.unescape(piece)
        elif name in _UNSEEN and not is_end:
            unseen, depth = name, 1
        elif name not in _INLINE and name not in _UNSEEN and (not is_end or opened[name]):
            yield " "
            opened[name] += -1 if is_end else name not in _VOID


def _pieces(text: str) -> Iterator[tuple[str, bool, str]]:
    """Tags as (name, is_end, ""), text as ("", False, text). Linear in the text."""
    position, raw = 0, ""
    while position < len(text):
        start = _raw_end(text, position, raw) if raw else text.find("<", position)
        if start < 0:
            yield "", False, text[position:]
            return
        if start > position:
            yield "", False, text[position:start]
        tag = _TAG.match(text, start)
        if tag is None:
            position = _other_end(text, start)
            if position == start + 1:
                yield "", False, "<"
            continue
        name, is_end = tag[2].lower(), bool(tag[1])
        position = _tag_end(text, tag.end())
        yield name, is_end, ""
        raw = name if name in _RAW and not is_end else ""


def _raw_end(text: str, position: int, name: str) -> int:
    found = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(text, position)
    return found.start() if found else -1


def _other_end(text: str, start: int) -> int:
    """Where a comment or the like ends; just after the "<" when it is neither."""
    if text.startswith("<!--", start):
        end = text.find("-->", start + 4)
        return end + 3 if end >= 0 else len(text)
    if text[start + 1 : start + 2] in ("!", "?", "/"):
        end = text.find(">", start)
        return end + 1 if end >= 0 else len(text)
    return start + 1


def _tag_end(text: str, position: int) -> int:
    """Just after the ">" of a tag, whatever its quoted attributes hold."""
    while found := _END_OR_QUOTE.search(text, position):
        if found[0] == ">":
            return found.end()
        close = text.find(found[0], found.end())
        if close < 0:
            break
        position = close + 1
    return len(text)
