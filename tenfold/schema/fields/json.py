"""Any JSON value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import REQUIRED, found, within
from tenfold.schema.values.json_text import NULL, to_json

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

NOT_JSON = FieldError("validation_invalid_json", "Must be a valid json value.")
DEFAULT_MAX_BYTES = 1 << 20
_BLANK = frozenset({b"null", b'""', b"[]", b"{}"})


class JSONField(InputField, frozen=True, tag="json"):
    """JSON text of at most `max_size` bytes (0: 1 MiB)."""

    max_size: int = 0

    @property
    def storage(self) -> Storage:
        return Storage.JSON

    def zero(self) -> msgspec.Raw:
        return NULL

    def cast(self, raw: object) -> msgspec.Raw:
        return to_json(raw)

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        text = bytes(value)
        if not text:
            return NOT_JSON
        if text in _BLANK and self.required:
            return REQUIRED
        most = self.max_size or DEFAULT_MAX_BYTES
        if len(text) <= most:
            return None
        return FieldError(
            "validation_json_size_limit",
            f"The maximum allowed JSON size is {most} bytes.",
            {"maxSize": most},
        )

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        return found(maxSize=within(self.max_size))
