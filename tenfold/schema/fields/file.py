"""Names of files that belong to the record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.choice import ChoiceField
from tenfold.schema.fields.contract import Value
from tenfold.schema.values.faults import BAD_SHAPE, IN_LIST, REQUIRED, found, within
from tenfold.schema.values.lists import as_items, distinct, to_texts

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

DEFAULT_MAX_BYTES = 5 << 20
MAX_NAME_BYTES = 250
_THUMB = re.compile(r"[0-9]+x[0-9]+[tbf]?", re.ASCII)
_NO_THUMBS = frozenset({"0x0", "0x0t", "0x0b", "0x0f"})


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that came with a write; its place in the value is taken by `stored_name`.

    `mime_type` is what its bytes say, `path` where they lie until they are stored.
    """

    stored_name: str
    original_name: str
    mime_type: str
    size_bytes: int
    path: str


class FileField(ChoiceField, frozen=True, tag="file"):
    """Up to `max_select` files of `max_size` bytes each (0: 5 MiB) and certain types.

    A value holds stored names, and NewFile values from the moment that a write brings them
    until they are stored.
    """

    max_size: int = 0
    mime_types: tuple[str, ...] = ()
    thumbs: tuple[str, ...] = ()
    protected: bool = False

    @property
    def most_bytes(self) -> int:
        """What all files of one record may take together."""
        return (self.max_size or DEFAULT_MAX_BYTES) * max(self.max_select, 1)

    def items(self, raw: object) -> list[Value]:
        """Names and NewFile values, without repeats."""
        kept: list[Value] = []
        for item in as_items(raw):
            kept += [item] if isinstance(item, NewFile) else map(_cut, to_texts(item))
        return distinct(kept)

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        items = self.listed(value)
        if not items:
            return REQUIRED if self.required else None
        most = max(self.max_select, 1)
        if len(items) > most:
            return FieldError(
                "validation_too_many_files",
                f"The maximum allowed files is {most}.",
                {"maxSelect": most},
            )
        faults = (self._check_new(item) for item in items if isinstance(item, NewFile))
        return next((fault for fault in faults if fault), None)

    def check_names(self, value: Value, current: Value) -> FieldError | None:
        """Refuse names that the record did not have before: files come as NewFile only."""
        known = self.listed(current)
        names = [item for item in self.listed(value) if isinstance(item, str)]
        unknown = [name for name in names if name not in known]
        if not unknown:
            return None
        return FieldError(
            "validation_invalid_file",
            f"Invalid new files: [{' '.join(unknown)}].",
            {"invalidFiles": unknown},
        )

    def _check_new(self, new: NewFile) -> FieldError | None:
        most = self.max_size or DEFAULT_MAX_BYTES
        if new.size_bytes > most:
            return FieldError(
                "validation_file_size_limit",
                f"Failed to upload {new.original_name} - "
                f"the maximum allowed file size is {most} bytes.",
                {"file": new.original_name, "maxSize": most},
            )
        if self.mime_types and new.mime_type.partition(";")[0] not in self.mime_types:
            return FieldError(
                "validation_invalid_mime_type",
                f"{new.original_name} mime type must be one of: {', '.join(self.mime_types)}.",
                {"file": new.original_name, "mimeTypes": list(self.mime_types)},
            )
        return None

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        del collection, names
        thumbs = {
            str(index): BAD_SHAPE if not _THUMB.fullmatch(thumb) else IN_LIST
            for index, thumb in enumerate(self.thumbs)
            if not _THUMB.fullmatch(thumb) or thumb in _NO_THUMBS
        }
        faults = found(maxSelect=within(self.max_select), maxSize=within(self.max_size))
        return {**faults, "thumbs": thumbs} if thumbs else faults


def _cut(name: str) -> str:
    """A name as far as one can be stored."""
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
