"""A row of a collection in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection


@dataclass(slots=True)
class Record:
    """One record: a value for every field of its collection, hidden ones too.

    `values` maps field name to value (see `Storage` for their shapes); `rev` is the number
    of the change that wrote it (0: not stored yet), and grows with every write of this id.
    `expand` holds related records by name (None: none were asked for).
    """

    collection: Collection
    values: dict[str, Any]
    rev: int = 0
    expand: dict[str, Record | list[Record]] | None = None

    @property
    def id(self) -> str:
        return self.values["id"]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def copy(self) -> Record:
        """A record whose values can be changed without touching this one."""
        return Record(self.collection, dict(self.values), self.rev)
