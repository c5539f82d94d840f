"""Dates that fill themselves at a create or update."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import Field, Storage, Value
from tenfold.schema.values.dates import date_text, to_date

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

NEVER_FILLED = FieldError("validation_required", "Either onCreate or onUpdate must be enabled.")


class AutodateField(Field, frozen=True, tag="autodate"):
    """The time of creation, of the last update, or both. What clients send is passed over."""

    on_create: bool = False
    on_update: bool = False

    @property
    def storage(self) -> Storage:
        return Storage.TEXT

    def zero(self) -> str:
        return ""

    def cast(self, raw: object) -> str:
        return to_date(raw)

    def check(self, value: Value, *, is_new: bool) -> None:
        del value, is_new

    def fill(self, value: Value, *, is_new: bool, was_set: bool, now: datetime) -> str:
        del was_set
        return date_text(now) if (self.on_create if is_new else self.on_update) else value

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        if self.on_create or self.on_update:
            return {}
        return {"onCreate": NEVER_FILLED, "onUpdate": NEVER_FILLED}
