"""Numbers: doubles, shown as integers where they are whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import REQUIRED, found
from tenfold.schema.values.modifiers import APPEND, REMOVE
from tenfold.schema.values.scalars import number_text, simplest, to_number

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

NOT_A_NUMBER = FieldError(
    "validation_not_a_number", "The submitted number is not properly formatted."
)
ONLY_INT = FieldError("validation_only_int_constraint", "Decimal numbers are not allowed.")


class NumberField(InputField, frozen=True, tag="number"):
    """A number between `min` and `max` (None: no bound). 0 counts as blank."""

    min: float | None = None
    max: float | None = None
    only_int: bool = False

    modifiers: ClassVar[frozenset[str]] = frozenset({APPEND, REMOVE})

    @property
    def storage(self) -> Storage:
        return Storage.NUMBER

    def zero(self) -> int:
        return 0

    def cast(self, raw: object) -> int | float:
        return to_number(raw)

    def modify(self, current: Value, modifier: str, raw: object) -> int | float:
        """ "name+" adds, "name-" subtracts."""
        amount = to_number(raw)
        return simplest(to_number(current) + (amount if modifier == APPEND else -amount))

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not math.isfinite(value):
            return NOT_A_NUMBER
        if value == 0:
            return REQUIRED if self.required else None
        if self.only_int and not _is_whole(value):
            return ONLY_INT
        return self._check_bounds(value)

    def _check_bounds(self, value: float) -> FieldError | None:
        if self.min is not None and value < self.min:
            return _too_small(self.min)
        if self.max is not None and value > self.max:
            return FieldError(
                "validation_max_number_constraint",
                f"Must be less or equal than {number_text(self.max)}.",
                {"max": simplest(self.max)},
            )
        return None

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        is_crossed = self.min is not None and self.max is not None and self.max < self.min
        return found(
            min=self._check_whole(self.min),
            max=self._check_whole(self.max)
            or (_too_small(self.min) if is_crossed and self.min is not None else None),
        )

    def _check_whole(self, bound: float | None) -> FieldError | None:
        is_broken = self.only_int and bound is not None and bound != math.floor(bound)
        return ONLY_INT if is_broken else None


def _is_whole(value: float) -> bool:
    """Whether a 64 bit integer holds the value."""
    return value == math.floor(value) and -(2**63) <= value < 2**63


def _too_small(least: float) -> FieldError:
    return FieldError(
        "validation_min_number_constraint",
        f"Must be greater or equal than {number_text(least)}.",
        {"min": simplest(least)},
    )
