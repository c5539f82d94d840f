"""What hook code may do with the service it runs in; app.py hands it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tenfold.schema.record import Record
from tenfold.store.contract import Store


class HookRecords(Protocol):
    """Records by collection name, free of rules but checked like any other write.

    Called in a before-hook, writes join the transaction under way.
    """

    async def find(self, collection: str, record_id: str) -> Record | None:
        """A record by id."""
        ...

    async def list(
        self,
        collection: str,
        filter: str = "",
        *,
        sort: str = "",
        limit: int = 100,
        values: Mapping[str, str | int | float | bool | None] | None = None,
    ) -> Sequence[Record]:
        """Records that a filter picks; `values` fill its {:name} placeholders, quoted."""
        ...

    async def create(self, collection: str, values: Mapping[str, Any]) -> Record:
        """Create a record. Raises: BadRequest with the keys that are wrong."""
        ...

    async def update(self, collection: str, record_id: str, values: Mapping[str, Any]) -> Record:
        """Change some values. Raises: BadRequest, NotFound."""
        ...

    async def delete(self, collection: str, record_id: str) -> None:
        """Delete a record and what must go with it. Raises: BadRequest, NotFound."""
        ...


class Enqueue(Protocol):
    """Put a job into the queue; see `Jobs.enqueue`."""

    async def __call__(
        self, name: str, payload: Any = None, *, key: str = "", run_at: float | None = None
    ) -> str: ...


Publish = Callable[[str, bytes], Awaitable[None]]
"""Send a realtime message to all clients that are subscribed to a topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The parts of a running service."""

    store: Store
    records: HookRecords
    enqueue: Enqueue
    publish: Publish
