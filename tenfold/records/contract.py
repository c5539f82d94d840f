"""What the records use cases ask of rooms they must not import (app.py hands it in)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Transaction


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

    def check_names(
        self, record: Record, before: Record | None, staged_names: Sequence[str]
    ) -> dict[str, FieldError]:
        """Refuse names of files that the record did not have and that were not staged."""
        ...

    async def remove(self, collection: Collection, record_id: str, names: Sequence[str]) -> None:
        """Remove files that no record names (any longer), and their thumbs."""
        ...

    async def remove_all(self, collection: Collection, record_id: str) -> None:
        """Remove every file of a deleted record."""
        ...


class AuthRecords(Protocol):
    """What makes accounts, and records that hang on them, more than rows."""

    def concerns(self, collection: Collection) -> bool:
        """Whether records of a collection have to pass `prepare` and `apply`."""
        ...

    async def prepare(
        self, collection: Collection, before: Record | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Hash and compare the plain passwords in `body`, before the transaction.

        They look like the plain text to rules and hooks, and carry what was found out.
        Raises: Unavailable when too many wait.
        """
        ...

    async def apply(
        self,
        tx: Transaction,
        record: Record,
        before: Record | None,
        body: Mapping[str, Any],
        facts: RequestFacts,
        *,
        can_manage: bool,
    ) -> dict[str, FieldError | FieldErrors]:
        """Set password and token key, guard e-mail and `verified`; say what is wrong.

        Raises: BadRequest for faults that hide all others.
        """
        ...

    async def before_delete(self, tx: Transaction, record: Record) -> None:
        """Remove what hangs on an account. Raises: BadRequest when it may not go."""
        ...
