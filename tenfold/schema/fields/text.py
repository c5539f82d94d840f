"""Plain text, record ids among it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import (
    INVALID_FORMAT,
    REQUIRED,
    at_least,
    bad_pattern,
    found,
    sentence,
    within,
)
from tenfold.schema.values.generate import generate
from tenfold.schema.values.modifiers import AUTOGENERATE
from tenfold.schema.values.patterns import BadPattern, matches
from tenfold.schema.values.scalars import to_text

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

DEFAULT_MAX = 5000


class TextField(InputField, frozen=True, tag="text"):
    """Text of `min` to `max` characters (0: none, and 5000) that fits a RE2 `pattern`.

    With `autogenerate_pattern` a new record's blank value is drawn at random.
    """

    min: int = 0
    max: int = 0
    pattern: str = ""
    autogenerate_pattern: str = ""
    primary_key: bool = False

    modifiers: ClassVar[frozenset[str]] = frozenset({AUTOGENERATE})

    @property
    def storage(self) -> Storage:
        return Storage.TEXT

    def zero(self) -> str:
        return ""

    def cast(self, raw: object) -> str:
        return to_text(raw)

    def modify(self, current: Value, modifier: str, raw: object) -> str:
        """ ":autogenerate" gives `raw` followed by random text."""
        return to_text(raw) + self.draw() if modifier == AUTOGENERATE else current

    def draw(self) -> str:
        """Random text by the pattern; "" when there is none or it is broken."""
        try:
            return generate(self.autogenerate_pattern) if self.autogenerate_pattern else ""
        except BadPattern:
            return ""

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not value:
            return REQUIRED if self.required or self.primary_key else None
        return self._check_length(len(value)) or self._check_pattern(value)

    def _check_length(self, length: int) -> FieldError | None:
        if length < self.min:
            return FieldError(
                "validation_min_text_constraint",
                f"Must be at least {self.min} character(s).",
                {"min": self.min},
            )
        most = self.max or DEFAULT_MAX
        if length > most:
            return FieldError(
                "validation_max_text_constraint",
                f"Must be no more than {most} character(s).",
                {"max": most},
            )
        return None

    def _check_pattern(self, value: str) -> FieldError | None:
        if self.pattern and not matches(self.pattern, value):
            return INVALID_FORMAT
        return None

    def fill(self, value: Value, *, is_new: bool, was_set: bool, now: datetime) -> str:
        del was_set, now
        return self.draw() if is_new and not value and self.autogenerate_pattern else value

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        return found(
            min=within(self.min),
            max=(at_least(self.min) if self.max and self.max < self.min else None)
            or within(self.max),
            pattern=bad_pattern(self.pattern) or self._check_id_pattern(),
            autogeneratePattern=self._check_autogenerate(),
            name=self._check_id_name(),
            required=REQUIRED if self.primary_key and not self.required else None,
        )

    def _check_id_pattern(self) -> FieldError | None:
        return REQUIRED if self.primary_key and not self.pattern else None

    def _check_id_name(self) -> FieldError | None:
        if not self.primary_key or self.name == "id":
            return None
        return FieldError("validation_in_invalid", 'The primary key must be named "id".')

    def _check_autogenerate(self) -> FieldError | None:
        """Try the pattern, as PocketBase does: its texts must pass the field's own check."""
        pattern = self.autogenerate_pattern
        if not pattern:
            return None
        fault = bad_pattern(pattern)
        if fault:
            return fault
        try:
            sample = generate(pattern)
        except BadPattern as unsupported:
            code = "validation_invalid_autogenerate_pattern"
            return FieldError(code, sentence(str(unsupported)))
        if not self.check(sample, is_new=True):
            return None
        return FieldError(
            "validation_invalid_autogenerate_pattern_value",
            "The provided autogenerate pattern could produce invalid field values, "
            f'ex.: "{sample}".',
        )
