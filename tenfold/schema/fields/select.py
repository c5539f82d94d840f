"""One or several of a fixed set of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.choice import ChoiceField
from tenfold.schema.fields.contract import Value
from tenfold.schema.values.faults import REQUIRED, found, sentence, within

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection


class SelectField(ChoiceField, frozen=True, tag="select"):
    """Items out of `values`."""

    values: tuple[str, ...] = ()

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        items = self.listed(value)
        if not items:
            return REQUIRED if self.required else None
        too_many = self.check_count(len(items))
        if too_many:
            return too_many
        wrong = next((item for item in items if item not in self.values), None)
        if wrong is None:
            return None
        message = sentence(f"Invalid value {wrong}")
        return FieldError("validation_invalid_value", message, {"value": wrong})

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        if not self.values:
            return {"values": REQUIRED}
        return found(maxSelect=within(self.max_select, most=len(self.values)))
