"""Passwords: plain only on their way in, a bcrypt hash at rest, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import (
    INVALID_FORMAT,
    INVALID_VALUE,
    REQUIRED,
    at_least,
    bad_pattern,
    found,
    within,
)
from tenfold.schema.values.patterns import matches
from tenfold.schema.values.scalars import to_text

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

DEFAULT_COST = 10
MOST_CHARS = 71
MOST_BYTES = 72  # bcrypt reads no further


@dataclass(frozen=True, slots=True)
class PlainPassword:
    """A password that a client sent, until its hash takes its place in the value."""

    text: str = field(repr=False)


class PasswordField(InputField, frozen=True, tag="password"):
    """A value is "" (none), a PlainPassword (just given) or a str (the stored hash).

    `cast` makes a PlainPassword of any text, so a hash must never go through it. Whoever
    stores the record replaces the PlainPassword by its hash of `bcrypt_cost`, off the loop.
    """

    min: int = 0
    max: int = 0
    pattern: str = ""
    cost: int = 0

    @property
    def storage(self) -> Storage:
        return Storage.TEXT

    @property
    def bcrypt_cost(self) -> int:
        """The cost to hash with."""
        return self.cost or DEFAULT_COST

    def zero(self) -> str:
        return ""

    def cast(self, raw: object) -> PlainPassword | str:
        if isinstance(raw, PlainPassword):
            return raw
        text = to_text(raw)
        return PlainPassword(text) if text else ""

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not value:
            return REQUIRED if self.required else None
        return self._check_plain(value.text) if isinstance(value, PlainPassword) else None

    def _check_plain(self, text: str) -> FieldError | None:
        if len(text.encode()) > MOST_BYTES:
            return INVALID_VALUE
        if len(text) < self.min:
            message = f"Must be at least {self.min} character(s)."
            return FieldError("validation_min_text_constraint", message)
        most = self.max or MOST_CHARS
        if len(text) > most:
            message = f"Must be less than {most} character(s)."
            return FieldError("validation_max_text_constraint", message)
        return INVALID_FORMAT if self.pattern and not matches(self.pattern, text) else None

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        is_crossed = self.max and self.max < self.min
        return found(
            min=within(self.min, 1, MOST_CHARS) if self.min else None,
            max=(at_least(self.min) if is_crossed else within(self.max, 0, MOST_CHARS)),
            cost=within(self.cost, 4, 31) if self.cost else None,
            pattern=bad_pattern(self.pattern),
        )
