"""What the records use cases ask of rooms they must not import (app.py hands it in)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tenfold.errors import FieldError
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Reads, Transaction

@dataclass(slots=True)
class StagedFiles:
    """A body whose uploads are stored already, under the names that stand in their place."""

    body: dict[str, Any]
    errors: dict[str, FieldError]
    names: list[str]


class RecordFiles(Protocol):
    """How the files of a record are stored and removed around its write."""

    async def stage(
        self, collection: Collection, record_id: str, body: Mapping[str, Any]
    ) -> StagedFiles:
        """Check the uploads in `body` one by one and store them durably where they will stay.

        Stores nothing when there are errors.
        """
        ...

    async def remove(self, collection: Collection, record_id: str, names: Sequence[str]) -> None:
        """Remove files that no record names (any longer), and their thumbs."""
        ...

    async def remove_all(self, collection: Collection, record_id: str) -> None:
        """Remove every file of a deleted record."""
        ...


class AuthRecords(Protocol):
    """What makes a record of an auth collection more than a row."""

    async def hash_password(
        self, collection: Collection, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Replace a new plain password in `body` by one with its hash, off the event loop."""
        ...

    async def apply(
        self,
        reads: Reads,
        record: Record,
        before: Record | None,
        body: Mapping[str, Any],
        facts: RequestFacts,
        *,
        can_manage: bool,
    ) -> dict[str, FieldError]:
        """Set password and tokenKey, guard email and verified; say what is wrong with them."""
        ...

    async def before_delete(self, tx: Transaction, record: Record) -> None:
        """Remove what hangs on the account; raises when it may not go."""
        ...
