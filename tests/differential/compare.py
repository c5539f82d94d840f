"""Find what differs between two answers, apart from what is random or of the moment."""

from __future__ import annotations

import base64
import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

DATE_SLACK = timedelta(seconds=60)
CLAIM_SLACK_S = 60
STARTED = datetime.now(UTC)
MAX_SHOWN = 60

_TOKENS = re.compile(
    r"(?P<jwt>eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*)"
    r"|(?P<date>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)"
    r"|(?P<suffix>(?<=_)[A-Za-z0-9]{10}(?=\.|$|[/?\"]))"
    r"|(?P<id>(?<![A-Za-z0-9])[a-z0-9]{15}(?![A-Za-z0-9]))"
)


@dataclass
class Matching:
    """Which random values of the two servers stand for the same thing.

    A value can be matched once only; `fixed` ones (the ids of the seed) only with themselves.
    """

    fixed: frozenset[str]
    theirs: dict[str, str] = field(default_factory=dict[str, str])
    ours: dict[str, str] = field(default_factory=dict[str, str])

    def match(self, their: str, our: str) -> bool:
        if their in self.fixed or our in self.fixed:
            return their == our
        is_free = their not in self.theirs and our not in self.ours
        if is_free:
            self.theirs[their], self.ours[our] = our, their
        return self.theirs.get(their) == our


@dataclass
class Comparison:
    """Compares the parts of two answers; `loose` names dotted paths, `*` standing for a step."""

    matching: Matching
    loose: tuple[str, ...] = ()
    any_order: bool = False

    def differences(self, their: Any, our: Any, path: str = "") -> Iterator[str]:
        """One line for every place where two JSON values differ."""
        if self._is_loose(path) and _kind(their) == _kind(our):
            return
        if isinstance(their, dict) and isinstance(our, dict):
            yield from self._objects(their, our, path)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(their, list) and isinstance(our, list):
            yield from self._lists(their, our, path)  # pyright: ignore[reportUnknownArgumentType]
        elif _kind(their) != _kind(our) or not self._is_same(their, our, path):
            yield f"{path or 'body'}: {_short(their)} | {_short(our)}"

    def _objects(self, their: dict[str, Any], our: dict[str, Any], path: str) -> Iterator[str]:
        for key in [*their, *(k for k in our if k not in their)]:
            below = f"{path}.{key}" if path else key
            if key not in their:
                yield f"{below}: (absent) | {_short(our[key])}"
            elif key not in our:
                yield f"{below}: {_short(their[key])} | (absent)"
            else:
                yield from self.differences(their[key], our[key], below)

    def _lists(self, their: list[Any], our: list[Any], path: str) -> Iterator[str]:
        if len(their) != len(our):
            yield f"{path}: {len(their)} elements | {len(our)} elements"
            return
        if self.any_order:
            their, our = sorted(their, key=_order), sorted(our, key=_order)
        for index, (a, b) in enumerate(zip(their, our, strict=True)):
            yield from self.differences(a, b, f"{path}.{index}" if path else str(index))

    def _is_same(self, their: Any, our: Any, path: str) -> bool:
        if their == our:
            return True
        if isinstance(their, str):
            return self._is_same_text(their, our)
        is_claim = path.rpartition(".")[2] in ("exp", "iat")
        return is_claim and abs(their - our) <= CLAIM_SLACK_S

    def _is_same_text(self, their: str, our: str) -> bool:
        """Text is the same when all but its random parts is, and these correspond."""
        if _TOKENS.sub("?", their) != _TOKENS.sub("?", our):
            return False
        pairs = zip(_TOKENS.finditer(their), _TOKENS.finditer(our), strict=True)
        return all(self._is_same_token(a, b) for a, b in pairs)

    def _is_same_token(self, their: re.Match[str], our: re.Match[str]) -> bool:
        if their.lastgroup != our.lastgroup:
            return False
        a, b = their.group(), our.group()
        if their.lastgroup == "date":
            return a == b or _are_close(_moment(a), _moment(b))
        if their.lastgroup == "jwt":
            return a == b or not list(self.differences(_claims(a), _claims(b)))
        return self.matching.match(a, b)

    def _is_loose(self, path: str) -> bool:
        steps = path.split(".")
        return any(_fits(pattern.split("."), steps) for pattern in self.loose)


def _kind(value: Any) -> str:
    return type(value).__name__


def _fits(pattern: list[str], steps: list[str]) -> bool:
    if len(pattern) != len(steps):
        return False
    return all(p in ("*", s) for p, s in zip(pattern, steps, strict=True))


def _order(value: Any) -> str:
    identity: Any = value.get("id", value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return json.dumps(identity, sort_keys=True)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _are_close(their: datetime, our: datetime) -> bool:
    """Whether both moments are of this run, and near each other."""
    return min(their, our) > STARTED - DATE_SLACK and abs(their - our) < DATE_SLACK


def _claims(token: str) -> list[Any]:
    return [json.loads(base64.urlsafe_b64decode(p + "==")) for p in token.split(".")[:2]]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else text[:300] + "…"


def shown_diff(their: Any, our: Any) -> str:
    """Two bodies as a diff: `-` is PocketBase, `+` is Tenfold."""
    lines = list(
        difflib.unified_diff(
            _pretty(their), _pretty(our), "PocketBase", "Tenfold", lineterm="", n=2
        )
    )
    more = [f"... {len(lines) - MAX_SHOWN} lines more"] if len(lines) > MAX_SHOWN else []
    return "\n".join([*(line[:400] for line in lines[:MAX_SHOWN]), *more])


def _pretty(value: Any) -> list[str]:
    if isinstance(value, (dict, list)):
        return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).splitlines()
    return str(value).splitlines()
