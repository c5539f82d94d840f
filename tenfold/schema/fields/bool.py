"""Yes or no."""

from __future__ import annotations

from tenfold.errors import FieldError
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import REQUIRED
from tenfold.schema.values.scalars import to_bool


class BoolField(InputField, frozen=True, tag="bool"):
    """A boolean; a required one must be true."""

    @property
    def storage(self) -> Storage:
        return Storage.BOOL

    def zero(self) -> bool:
        return False

    def cast(self, raw: object) -> bool:
        return to_bool(raw)

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        return REQUIRED if self.required and not value else None
