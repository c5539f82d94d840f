"""Random text that fits a regular expression such as `[a-z0-9]{15}`."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from tenfold.schema.values.patterns import BadPattern, compile_pattern

OPEN_REPEATS = 6
"""How often at most `*` and `+` repeat."""
LONGEST = 10_000
"""No generated text gets longer."""

_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
_WORD = string.ascii_letters + string.digits + "_"
_CLASSES = {"w": _WORD, "d": string.digits, "s": " \t\n\f\r"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_POSIX = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "digit": string.digits,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "word": _WORD,
    "xdigit": string.hexdigits,
    "punct": string.punctuation,
}

Draw = Callable[[], str]


def generate(pattern: str) -> str:
    """A random text that matches. Raises: BadPattern for what can't be drawn from."""
    return _compile(pattern)()


@lru_cache(maxsize=512)
def _compile(pattern: str) -> Draw:
    compile_pattern(pattern)
    parser = _Parser(pattern)
    draw, longest = parser.alternatives()
    if parser.at < len(pattern):
        raise BadPattern(f"unsupported pattern: `{pattern[parser.at :]}`")
    if longest > LONGEST:
        raise BadPattern("the pattern makes too long a text")
    return draw


Part = tuple[Draw, int]  # how to draw it, and how long it can get


@dataclass
class _Parser:
    """Reads the useful part of RE2's grammar: literals, classes, groups, `|` and repeats."""

    text: str
    at: int = 0
    _depth: int = field(default=0)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise BadPattern("unexpected end of pattern")
        self.at += 1
        return char

    def alternatives(self) -> Part:
        parts = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            parts.append(self.sequence())
        if len(parts) == 1:
            return parts[0]
        draws = [draw for draw, _ in parts]
        return lambda: secrets.choice(draws)(), max(length for _, length in parts)

    def sequence(self) -> Part:
        parts: list[Part] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom()))
        draws = [draw for draw, _ in parts]
        return lambda: "".join([draw() for draw in draws]), sum(length for _, length in parts)

    def atom(self) -> Part:
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return _one_of(self.char_class())
        if char == "\\":
            return _one_of(self.escape())
        if char == ".":
            return _one_of(_PRINTABLE)
        if char in "^$":
            raise BadPattern(f"unsupported pattern operator {char}")
        return _one_of(char)

    def group(self) -> Part:
        self._depth += 1
        if self._depth > 20:
            raise BadPattern("groups are nested too deeply")
        if self.peek() == "?":
            self.group_flags()
        part = self.alternatives()
        if self.take() != ")":
            raise BadPattern("missing closing )")
        self._depth -= 1
        return part

    def group_flags(self) -> None:
        for opening in ("?:", "?P<", "?<"):
            if self.text.startswith(opening, self.at):
                self.at += len(opening)
                break
        else:
            raise BadPattern("unsupported group flags")
        while opening != "?:" and self.take() != ">":
            pass

    def escape(self) -> str:
        char = self.take()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in "WDS":
            return "".join(c for c in _PRINTABLE if c not in _CLASSES[char.lower()])
        if char.isalnum() and char not in _ESCAPES:
            raise BadPattern(f"unsupported escape \\{char}")
        return _ESCAPES.get(char, char)

    def char_class(self) -> str:
        negated = self.peek() == "^"
        self.at += negated
        chars: list[str] = []
        while self.peek() != "]" or not chars:
            chars.extend(self.class_item())
        self.at += 1
        if negated:
            chars = [c for c in _PRINTABLE if c not in chars]
        if not chars:
            raise BadPattern("an empty character class")
        return "".join(dict.fromkeys(chars))

    def class_item(self) -> str:
        if self.text.startswith("[:", self.at):
            name, _, _ = self.text[self.at + 2 :].partition(":]")
            self.at += len(name) + 4
            if name not in _POSIX:
                raise BadPattern(f"unsupported class [:{name}:]")
            return _POSIX[name]
        first = self.class_char()
        is_range = self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]")
        if len(first) != 1 or not is_range:
            return first
        self.at += 1
        last = self.class_char()
        if len(last) != 1 or not 0 <= ord(last) - ord(first) < 5000:
            raise BadPattern("unsupported character range")
        return "".join(map(chr, range(ord(first), ord(last) + 1)))

    def class_char(self) -> str:
        char = self.take()
        return self.escape() if char == "\\" else char

    def repeated(self, part: Part) -> Part:
        bounds = self.bounds()
        if bounds is None:
            return part
        if self.peek() == "?":
            self.at += 1
        (least, most), (draw, length) = bounds, part

        if least > most or length * most > LONGEST:
            raise BadPattern("the pattern makes too long a text")
        return _repeat(draw, least, most), length * most

    def bounds(self) -> tuple[int, int] | None:
        char = self.peek()
        simple = {"*": (0, OPEN_REPEATS), "+": (1, OPEN_REPEATS), "?": (0, 1)}
        if char in simple:
            self.at += 1
            return simple[char]
        inner, closing, _ = self.text[self.at + 1 :].partition("}")
        if char != "{" or not closing or not inner.replace(",", "", 1).isdecimal():
            return None
        self.at += len(inner) + 2
        least, comma, most = inner.partition(",")
        if not least.isdecimal():
            raise BadPattern("unsupported repetition")
        low = int(least)
        return low, int(most) if most else low + OPEN_REPEATS if comma else low


def _repeat(draw: Draw, least: int, most: int) -> Draw:
    def take(count: int) -> str:
        return draw.take(count) if isinstance(draw, _OneOf) else _join(draw, count)

    if least == most:
        return lambda: take(least)
    return lambda: take(least + secrets.randbelow(most - least + 1))


def _join(draw: Draw, count: int) -> str:
    return "".join([draw() for _ in range(count)])


class _OneOf:
    """Draws characters of a set, many at once for the price of one."""

    def __init__(self, chars: str) -> None:
        size = len(chars)
        fair = 256 - 256 % size if size <= 256 else 0
        self.chars = chars
        self.is_fast = 1 < size <= 256 and chars.isascii()
        self.spread = (chars * 256)[:256].encode() if self.is_fast else b""
        self.unfair = bytes(range(fair, 256))

    def __call__(self) -> str:
        return secrets.choice(self.chars)

    def take(self, count: int) -> str:
        if not self.is_fast:
            return "".join([secrets.choice(self.chars) for _ in range(count)])
        drawn = b""
        while len(drawn) < count:
            drawn += secrets.token_bytes(count * 2 + 8).translate(self.spread, self.unfair)
        return drawn[:count].decode()


def _one_of(chars: str) -> Part:
    return _OneOf(chars), 1
