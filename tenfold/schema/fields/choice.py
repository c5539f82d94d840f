"""What select, file and relation fields share: one value, or a list of distinct ones."""

from __future__ import annotations

from typing import ClassVar

from tenfold.errors import FieldError
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.lists import change, to_texts
from tenfold.schema.values.modifiers import APPEND, PREPEND, REMOVE


class ChoiceField(InputField, frozen=True):
    """Up to `max_select` items; a single text when that is 1 or 0."""

    max_select: int = 0

    modifiers: ClassVar[frozenset[str]] = frozenset({PREPEND, APPEND, REMOVE})

    @property
    def storage(self) -> Storage:
        return Storage.LIST if self.max_select > 1 else Storage.TEXT

    def zero(self) -> Value:
        return [] if self.max_select > 1 else ""

    def items(self, raw: object) -> list[Value]:
        """Whatever was sent, or a value, as a list of distinct items."""
        return to_texts(raw)

    def cast(self, raw: object) -> Value:
        return self._shape(self.items(raw))

    def modify(self, current: Value, modifier: str, raw: object) -> Value:
        return self._shape(change(self.items(current), modifier, self.items(raw)))

    def _shape(self, items: list[Value]) -> Value:
        """A list, or its last item ("" when there is none)."""
        if self.max_select > 1:
            return items
        return items[-1] if items else ""

    def listed(self, value: Value) -> list[Value]:
        """A value of this field as a list, whether it is single or multiple."""
        if isinstance(value, list):
            return value  # pyright: ignore[reportUnknownVariableType]
        return [value] if value else []

    def check_count(self, count: int) -> FieldError | None:
        """Whether there are too many items."""
        most = max(self.max_select, 1)
        if count <= most:
            return None
        return FieldError(
            "validation_too_many_values", f"Select no more than {most}.", {"maxSelect": most}
        )
