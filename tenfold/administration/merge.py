"""Lay a partial JSON document over the stored settings, the way PocketBase's clients expect."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from msgspec.structs import FieldInfo, fields, replace

from tenfold.administration.stored import Group

G = TypeVar("G", bound=Group)

_MAX_WHOLE = 1 << 63
_MAX_ITEMS = 1_000


class WrongShape(Exception):
    """A value has another JSON type than its key wants."""


def merge(current: G, partial: object) -> G:
    """`current` with the keys that `partial` names replaced; null resets a key to empty.

    Keys are matched in any case, unknown ones are ignored, lists are replaced as a whole.
    Raises: WrongShape.
    """
    if not isinstance(partial, Mapping):
        raise WrongShape
    changed: dict[str, Any] = {}
    known = _keys(type(current))
    for key, value in typing.cast("Mapping[str, object]", partial).items():
        info = known.get(key.lower())
        if info is not None:
            changed[info.name] = _value(info.type, getattr(current, info.name), value)
    return replace(current, **changed)


@lru_cache(maxsize=64)
def _keys(group: type[Group]) -> dict[str, FieldInfo]:
    return {info.encode_name.lower(): info for info in fields(group)}


def _value(wanted: Any, current: object, value: object) -> Any:
    if isinstance(current, Group):
        return empty(type(current)) if value is None else merge(current, value)
    if typing.get_origin(wanted) is tuple:
        return _items(typing.get_args(wanted)[0], value)
    return _scalar(wanted, value)


def _items(wanted: Any, value: object) -> tuple[Any, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(typing.cast("list[object]", value)) > _MAX_ITEMS:
        raise WrongShape
    items = typing.cast("list[object]", value)
    if isinstance(wanted, type) and issubclass(wanted, Group):
        return tuple(_value(wanted, empty(wanted), item) for item in items)
    return tuple(_scalar(wanted, item) for item in items)


def _scalar(wanted: Any, value: object) -> Any:
    if value is None:
        return wanted()
    is_whole = wanted is int and isinstance(value, int) and -_MAX_WHOLE <= value < _MAX_WHOLE
    if type(value) is not wanted or (wanted is int and not is_whole):
        raise WrongShape
    return value


def empty(group: type[G]) -> G:
    """A group whose every key is blank: not the defaults, but what null stands for."""
    return group(**{info.name: _blank(info.type) for info in fields(group)})


def _blank(wanted: Any) -> Any:
    if typing.get_origin(wanted) is tuple:
        return ()
    return empty(wanted) if issubclass(wanted, Group) else wanted()
