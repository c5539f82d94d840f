"""Rich text, kept as the HTML that came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.contract import InputField, Storage, Value
from tenfold.schema.values.faults import REQUIRED, found, within
from tenfold.schema.values.scalars import to_text

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

DEFAULT_MAX_BYTES = 5 << 20


class EditorField(InputField, frozen=True, tag="editor"):
    """HTML of at most `max_size` bytes (0: 5 MiB)."""

    max_size: int = 0
    convert_urls: bool = msgspec.field(default=False, name="convertURLs")

    @property
    def storage(self) -> Storage:
        return Storage.TEXT

    def zero(self) -> str:
        return ""

    def cast(self, raw: object) -> str:
        return to_text(raw)

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        if not value:
            return REQUIRED if self.required else None
        most = self.max_size or DEFAULT_MAX_BYTES
        if len(value.encode()) <= most:
            return None
        return FieldError(
            "validation_content_size_limit",
            f"The maximum allowed content size is {most} bytes.",
            {"maxSize": most},
        )

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        return found(maxSize=within(self.max_size))
