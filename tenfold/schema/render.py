"""Records as the wire shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from tenfold.schema.collection import Collection
from tenfold.schema.fields.contract import Field
from tenfold.schema.fields.password import PasswordField
from tenfold.schema.record import Record

NEVER_SHOWN = frozenset({"password", "tokenKey"})
"""Fields of auth collections that no one sees."""

Render = Callable[[dict[str, Any]], dict[str, Any]]


class Renders(tuple[Render, Render]):
    """How to show records without and with hidden fields."""

    __slots__ = ()


def to_wire(record: Record, *, with_email: bool, with_hidden: bool) -> dict[str, Any]:
    """The object that a client gets, keys in alphabetical order.

    `with_email`: keep an auth record's e-mail address. `with_hidden`: keep hidden fields.
    Passwords show as "", whatever is allowed.
    """
    memo = record.collection.memo
    renders: Renders | None = memo.get(Renders)
    if renders is None:
        renders = memo[Renders] = _compile(record.collection)
    shown = renders[with_hidden](record.values)
    if not with_email and record.collection.type == "auth":
        shown.pop("email", None)
    return shown


def _compile(collection: Collection) -> Renders:
    is_auth = collection.type == "auth"
    shown = [f for f in collection.fields if not (is_auth and f.name in NEVER_SHOWN)]
    visible = [f for f in shown if not f.hidden]
    return Renders((_renderer(collection, visible), _renderer(collection, shown)))


def _renderer(collection: Collection, fields: Iterable[Field]) -> Render:
    names = sorted(f.name for f in fields if not isinstance(f, PasswordField))
    fixed = {f.name: "" for f in fields}
    fixed |= {"collectionId": collection.id, "collectionName": collection.name}
    template = {key: fixed[key] for key in sorted(fixed)}
    if len(names) < 2:
        return lambda values: template | {name: values[name] for name in names}
    pick = itemgetter(*names)

    def render(values: dict[str, Any]) -> dict[str, Any]:
        shown = template.copy()
        shown.update(zip(names, pick(values), strict=True))
        return shown

    return render
