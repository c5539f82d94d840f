"""Turn what a client sent into a record's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.collection import Collection
from tenfold.schema.fields import AutodateField, Field, PasswordField
from tenfold.schema.record import Record
from tenfold.schema.values.modifiers import APPEND, AUTOGENERATE, PREPEND, REMOVE

ID_CHANGED = FieldError("validation_pk_change", "The record primary key cannot be changed.")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every write of a collection needs to know of its fields, found out once."""

    blank: Mapping[str, Any]
    own: tuple[Field, ...]  # their zero values can be changed, so each record gets its own
    hidden: frozenset[str]
    free: Mapping[str, Field]
    filling: tuple[Field, ...]

    @classmethod
    def of(cls, collection: Collection) -> _Plan:
        found = collection.memo.get(cls)
        if found is None:
            found = collection.memo[cls] = _plan(collection)
        return found


def _plan(collection: Collection) -> _Plan:
    fields = collection.fields
    zeros = {f.name: f.zero() for f in fields}
    return _Plan(
        blank=zeros,
        own=tuple(f for f in fields if isinstance(zeros[f.name], (list, dict))),
        hidden=frozenset(f.name for f in fields if f.hidden) - {"password"},
        free={f.name: f for f in fields if _is_free(collection, f)},
        filling=tuple(f for f in fields if type(f).fill is not Field.fill),
    )


def blank(collection: Collection) -> Record:
    """A record in which every field has its zero value."""
    plan = _Plan.of(collection)
    values = dict(plan.blank)
    for field in plan.own:
        values[field.name] = field.zero()
    return Record(collection, values)


def allowed(
    collection: Collection, body: Mapping[str, Any], *, is_superuser: bool
) -> dict[str, Any]:
    """The body without what this caller may not set (hidden fields, a password aside)."""
    hidden = _Plan.of(collection).hidden
    if is_superuser or not hidden:
        return dict(body)
    return {k: v for k, v in body.items() if split_modifier(k)[0] not in hidden}


def apply(record: Record, body: Mapping[str, Any]) -> set[str]:
    """Set the fields that `body` names, modifiers included; return the names that were set.

    Keys that are no field are left aside. Plain values come first, then modifiers.
    """
    named: set[str] = set()
    fields, free = record.collection.by_name, _Plan.of(record.collection).free
    others: list[tuple[str, Any]] = []
    for key, raw in body.items():
        field = free.get(key)
        if field is not None:
            record.values[key] = field.cast(raw)
            named.add(key)
        elif key not in fields:
            others.append((key, raw))
    for key, raw in others:
        name, modifier = split_modifier(key)
        field = fields.get(name)
        if modifier and field is not None and modifier in field.modifiers:
            record.values[name] = field.modify(record.values[name], modifier, raw)
            named.add(name)
    return named


def split_modifier(key: str) -> tuple[str, str]:
    """`("total", ":+")` for "total+"; the modifier is "" when there is none."""
    if key.startswith("+"):
        return key[1:], PREPEND
    if key.endswith("+"):
        return key[:-1], APPEND
    if key.endswith("-"):
        return key[:-1], REMOVE
    if key.endswith(AUTOGENERATE):
        return key.removesuffix(AUTOGENERATE), AUTOGENERATE
    return key, ""


def recast(record: Record, before: Mapping[str, Any]) -> None:
    """Bring values that other code has set since `before` to the shapes of their fields.

    The id and what is no field stay as they were; passwords are left to the auth room.
    """
    given, record.values = record.values, dict(before)
    for field in record.collection.fields:
        value = given.get(field.name, field.zero())
        if value is not before[field.name] and field.name != "id":
            is_secret = isinstance(field, PasswordField)
            record.values[field.name] = value if is_secret else field.cast(value)


def resolved(record: Record, body: Mapping[str, Any], named: set[str]) -> dict[str, Any]:
    """The body as rules see it: modified fields under their own name, as they came out."""
    values = record.values
    seen = {k: v for k, v in body.items() if k in values or not split_modifier(k)[1]}
    for name in named:
        if name not in body:
            seen[name] = values[name]
    return seen


def fill(record: Record, named: set[str], *, is_new: bool, now: datetime) -> None:
    """Let each field complete itself: dates, generated ids."""
    values = record.values
    for field in _Plan.of(record.collection).filling:
        was_set = field.name in named
        values[field.name] = field.fill(values[field.name], is_new=is_new, was_set=was_set, now=now)


def check_fields(record: Record, before: Record | None) -> dict[str, FieldError | FieldErrors]:
    """What the fields themselves find wrong, by name."""
    errors: dict[str, FieldError | FieldErrors] = {}
    values, is_new = record.values, before is None
    for name, field in _Plan.of(record.collection).free.items():
        problem = field.check(values[name], is_new=is_new)
        if problem:
            errors[name] = problem
    if before is not None and record.id != before.id:
        errors["id"] = ID_CHANGED
    return errors


def _is_free(collection: Collection, field: Field) -> bool:
    """Whether a field is set from the body like any other: secrets are the auth room's, and
    dates of creation and update set themselves."""
    if isinstance(field, (AutodateField, PasswordField)):
        return False
    return not (collection.type == "auth" and field.name == "tokenKey")
