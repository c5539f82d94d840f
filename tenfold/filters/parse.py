"""Filter text -> syntax tree, without recursion, so that no nesting can exhaust the stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from tenfold.filters.errors import FilterError
from tenfold.filters.tokens import Token, check_size, constant, tokenize
from tenfold.filters.tree import (
    Call,
    Comparison,
    Constant,
    Expression,
    Group,
    Junction,
    Keyword,
    Name,
    Operand,
    Operator,
)

MAX_COMPARISONS = 200
MAX_DEPTH = 100
KEYWORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Read a filter or rule. Raises: FilterError (nothing else, whatever the text)."""
    return read(text)[0]


def read(text: str) -> tuple[Expression, tuple[str | float, ...]]:
    """Read a filter or rule, and list its constants by slot. Raises: FilterError."""
    check_size(text)
    parser = _Parser(list(tokenize(text)))
    return parser.expression(), tuple(parser.constants)


@dataclass(slots=True)
class _Frame:
    """A group under way: alternatives, each a run of parts that must all hold."""

    alternatives: list[list[Expression]] = field(default_factory=lambda: [[]])
    depth: int = 0

    def add(self, part: Expression, depth: int) -> None:
        self.alternatives[-1].append(part)
        self.depth = max(self.depth, depth)

    def join(self, junction: Junction) -> None:
        if junction == "||":
            self.alternatives.append([])

    def close(self) -> tuple[Expression, int]:
        """The group's expression and how deep it nests; parentheses alone add no depth."""
        parts = tuple(_group("&&", tuple(run)) for run in self.alternatives)
        whole = _group("||", parts)
        depth = self.depth + isinstance(whole, Group)
        if depth > MAX_DEPTH:
            raise FilterError(f"groups are nested deeper than {MAX_DEPTH}")
        return whole, depth


def _group(junction: Junction, parts: tuple[Expression, ...]) -> Expression:
    return parts[0] if len(parts) == 1 else Group(junction, parts)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self.constants: list[str | float] = []
        self._comparisons = 0

    def expression(self) -> Expression:
        frames = [_Frame()]
        while True:
            while self._accept("open"):
                frames.append(_Frame())
            frames[-1].add(self._comparison(), 0)
            while len(frames) > 1 and self._accept("close"):
                part, depth = frames.pop().close()
                frames[-1].add(part, depth)
            if self._next == len(self._tokens):
                return self._finish(frames)
            frames[-1].join(cast(Junction, self._take("junction").text))

    def _finish(self, frames: list[_Frame]) -> Expression:
        if len(frames) > 1:
            raise FilterError("a parenthesis is not closed")
        return frames[0].close()[0]

    def _comparison(self) -> Comparison:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise FilterError(f"more than {MAX_COMPARISONS} comparisons")
        left = self._operand()
        operator = self._take("operator").text
        right = self._operand()
        return Comparison(
            left, cast(Operator, operator.lstrip("?")), right, operator.startswith("?")
        )

    def _operand(self) -> Operand:
        token = self._take("text", "number", "name", "call")
        if token.kind == "call":
            return Call(token.text[:-1], self._arguments())
        if token.kind == "name":
            word = token.text.lower()
            return Keyword(KEYWORDS[word]) if word in KEYWORDS else Name(token.text)
        self.constants.append(constant(token.text))
        return Constant(self.constants[-1], len(self.constants) - 1)

    def _arguments(self) -> tuple[Operand, ...]:
        arguments: list[Operand] = []
        while not self._accept("close"):
            if self._peek() == "call":
                raise FilterError("a function can't be an argument of another")
            arguments.append(self._operand())
            if not self._accept("comma") and self._peek() != "close":
                raise FilterError("a comma is missing between arguments")
        return tuple(arguments)

    def _peek(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else "end"

    def _accept(self, kind: str) -> bool:
        found = self._peek() == kind
        self._next += found
        return found

    def _take(self, *kinds: str) -> Token:
        if self._peek() not in kinds:
            where = self._tokens[self._next].text if self._next < len(self._tokens) else "the end"
            raise FilterError(f"expected {' or '.join(kinds)}, got {where}")
        self._next += 1
        return self._tokens[self._next - 1]
