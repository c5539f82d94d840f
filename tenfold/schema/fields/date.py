"""Dates with time, in UTC, to the millisecond."""

from __future__ import annotations

from tenfold.errors import FieldError
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.dates import to_date
from tenfold.schema.values.faults import REQUIRED


class DateField(InputField, frozen=True, tag="date"):
    """A moment between `min` and `max` ("": no bound), as "2026-01-31 23:59:59.123Z"."""

    min: str = ""
    max: str = ""

    @property
    def storage(self) -> Storage:
        return Storage.TEXT

    def zero(self) -> str:
        return ""

    def cast(self, raw: object) -> str:
        return to_date(raw)

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not value:
            return REQUIRED if self.required else None
        if self.min and value < self.min:
            code = "validation_min_greater_equal_than_required"
            return _out_of_bounds(code, "less", self.min)
        if self.max and value > self.max:
            code = "validation_max_less_equal_than_required"
            return _out_of_bounds(code, "greater", self.max)
        return None


def _out_of_bounds(code: str, word: str, bound: str) -> FieldError:
    moment = bound.removesuffix("Z").rstrip("0").removesuffix(".")
    params = {"threshold": moment.replace(" ", "T") + "Z"}
    return FieldError(code, f"Must be no {word} than {moment} +0000 UTC.", params)
