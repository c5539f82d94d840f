"""Places for the values that only a request brings: facts, macros, the caller's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from tenfold.filters.operands import Getter
from tenfold.filters.values import Scalar, json_text, lower, number_text, scalar
from tenfold.schema.actor import RequestFacts
from tenfold.schema.fields.contract import Field

_MISSING: Any = object()


@dataclass(slots=True)
class Slots:
    """Numbers the getters of a plan after its constants; one getter per name."""

    first: int
    getters: list[Getter] = field(default_factory=list[Getter])
    _by_name: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def names(self) -> list[str]:
        """The names of the getters, in their order."""
        return list(self._by_name)

    def take(self, name: str, getter: Getter) -> int:
        """The slot of a getter, the same for the same name."""
        if name not in self._by_name:
            self._by_name[name] = self.first + len(self.getters)
            self.getters.append(getter)
        return self._by_name[name]

    def caller_field(self, found: Field) -> int:
        """The slot of a field of the caller's own record."""
        return self.take(f"@caller.{found.name}", caller_value(found.name))


def caller_value(name: str) -> Getter:
    """Read a field of the caller's record; null without a caller."""

    def get(facts: RequestFacts, now: Callable[[], datetime]) -> Scalar:
        del now
        value = scalar(facts.actor.record.values.get(name)) if facts.actor else None
        # As a number column would give it back: whole numbers are integers.
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return get


def body_value(path: list[str]) -> Getter:
    """Read the request's body at a path; null when it is not there."""

    def get(facts: RequestFacts, now: Callable[[], datetime]) -> Scalar:
        del now
        found = walk(facts.body, path)
        return None if found is _MISSING else scalar(found)

    return get


def body_has(path: list[str]) -> Getter:
    """Tell whether the request's body says anything at a path."""

    def get(facts: RequestFacts, now: Callable[[], datetime]) -> Scalar:
        del now
        return walk(facts.body, path) is not _MISSING

    return get


def body_lower(path: list[str]) -> Getter:
    """Read the request's body at a path as text in lower case; lists and objects are empty."""

    def get(facts: RequestFacts, now: Callable[[], datetime]) -> Scalar:
        del now
        found = walk(facts.body, path)
        if isinstance(found, (int, float)):
            return number_text(found)
        return lower(found) if isinstance(found, str) else ""

    return get


def body_list(name: str) -> Getter:
    """Read a field of the body as a JSON array; a single value is an array of one."""

    def get(facts: RequestFacts, now: Callable[[], datetime]) -> Scalar:
        del now
        return json_text(_as_list(facts.body.get(name)))

    return get


def body_length(name: str) -> Getter:
    """Count the elements of a field of the body."""

    def get(facts: RequestFacts, now: Callable[[], datetime]) -> Scalar:
        del now
        return len(_as_list(facts.body.get(name)))

    return get


def walk(value: Any, path: list[str]) -> Any:
    """Go down a JSON value by keys and indexes; `_MISSING` when a step leads nowhere."""
    for part in path:
        value = _step(value, part)
        if value is _MISSING:
            break
    return value


def _step(value: Any, part: str) -> Any:
    if isinstance(value, msgspec.Raw):
        value = _decode(value)
    if isinstance(value, Mapping):
        return value.get(part, _MISSING)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if isinstance(value, (list, tuple)) and part.isdigit() and len(part) < 10:
        index = int(part)
        return value[index] if index < len(value) else _MISSING  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return _MISSING


def _decode(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]  # pyright: ignore[reportUnknownArgumentType]
