"""`POST /api/batch`: several record writes as one transaction."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from tenfold.api.batch_body import UNREADABLE, Item, check_items, parse_items
from tenfold.api.errors import error_value
from tenfold.api.forms import lenient_pairs
from tenfold.api.http import Request, Response, Route
from tenfold.api.records import NO_COLLECTION, PATH
from tenfold.api.responses import shaped_json
from tenfold.errors import BadRequest, FieldError, Forbidden, NotFound, RequestError
from tenfold.records import RecordReads, RecordWrites
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Store, Transaction

NOT_ALLOWED = "Batch requests are not allowed."
FAILED = "Batch transaction failed."

DEFAULT_BODY_BYTES = 128 << 20

_URL = re.compile(r"/api/collections/([^/?]+)/records(?:/([^/?]+))?(?:\?(.*))?", re.DOTALL)
_VERBS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}


class BatchLimits(Protocol):
    """The stored settings of batches."""

    @property
    def enabled(self) -> bool: ...

    @property
    def max_requests(self) -> int: ...

    @property
    def timeout(self) -> int:
        """Seconds."""
        ...

    @property
    def max_body_size(self) -> int:
        """Bytes; 0 is the default."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the request that it stands for; `method` is never PUT any more.

    `collection` is None when there is none of that name; `tag` and `pattern` are those of the
    route that would have answered it.
    """

    method: str
    path: str
    collection: Collection | None
    record_id: str
    query: dict[str, str]
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def tag(self) -> str:
        return _VERBS[self.method]

    @property
    def pattern(self) -> str:
        return PATH + "/{id}" if self.record_id else PATH


Admission = Callable[[Request, Entry], None]


@dataclass(frozen=True)
class ItemFailed(Exception):
    """One entry was refused, so that all are undone."""

    index: int
    error: RequestError


def routes(
    store: Store,
    reads: RecordReads,
    writes: RecordWrites,
    limits: Callable[[], BatchLimits],
    admit: Admission = lambda request, entry: None,
) -> list[Route]:
    """The route of batches; `admit` raises TooManyRequests for an entry over a rate limit."""
    batches = Batches(store, reads, writes, limits, admit)
    return [Route("POST", "/api/batch", batches.run, body_limit_bytes=batches.body_limit)]


@dataclass(frozen=True)
class Batches:
    """Runs the entries one after the other inside one transaction."""

    store: Store
    reads: RecordReads
    writes: RecordWrites
    limits: Callable[[], BatchLimits]
    admit: Admission

    def body_limit(self, request: Request) -> int:
        """How many bytes a batch may have."""
        return self.limits().max_body_size or DEFAULT_BODY_BYTES

    async def run(self, request: Request) -> Response:
        """Answer a batch. Raises: Forbidden when batches are off, BadRequest."""
        limits = self.limits()
        if not limits.enabled:
            raise Forbidden(NOT_ALLOWED)
        items = parse_items(await _read(request))
        check_items(items, limits.max_requests)
        facts = await request.facts()

        async def work(tx: Transaction) -> list[dict[str, Any]]:
            async with asyncio.timeout(limits.timeout or None):
                return [
                    await self._answer(tx, request, index, item, facts)
                    for index, item in enumerate(items)
                ]

        try:
            return shaped_json(request, await self.store.write(work))
        except ItemFailed as failed:
            refusal = {"requests": {str(failed.index): _refusal(failed.error)}}
            raise BadRequest(FAILED, refusal) from failed
        except TimeoutError as error:
            raise BadRequest(FAILED) from error

    async def _answer(
        self, tx: Transaction, request: Request, index: int, item: Item, facts: RequestFacts
    ) -> dict[str, Any]:
        # Else a batch that never has to wait would keep all others waiting, and its timeout.
        await asyncio.sleep(0)
        try:
            entry = await _entry(tx, item)
            self.admit(request, entry)
            return await self._write(tx, entry, facts)
        except RequestError as error:
            raise ItemFailed(index, error) from error

    async def _write(self, tx: Transaction, entry: Entry, facts: RequestFacts) -> dict[str, Any]:
        collection = entry.collection
        if collection is None:
            raise NotFound(NO_COLLECTION)
        facts = msgspec.structs.replace(
            facts,
            method=entry.method,
            query=entry.query,
            headers={**facts.headers, **entry.headers},
            body=entry.body,
        )
        if entry.method == "DELETE":
            await self.writes.delete(collection, entry.record_id, facts)
            return {"body": None, "status": 204}
        record = await self._save(collection, entry, facts)
        shown = await self.reads.presenter.present(tx, [record], facts, entry.query)
        return {"body": shown[0], "status": 200}

    async def _save(self, collection: Collection, entry: Entry, facts: RequestFacts) -> Record:
        if entry.record_id:
            return await self.writes.update(collection, entry.record_id, entry.body, facts)
        return await self.writes.create(collection, entry.body, facts)


async def _read(request: Request) -> dict[str, Any]:
    try:
        return await request.json()
    except BadRequest as error:
        if type(error) is BadRequest:
            raise BadRequest(UNREADABLE) from error
        raise  # one that closes the connection, too


async def _entry(tx: Transaction, item: Item) -> Entry:
    """What an entry asks for. Raises: BadRequest when it is no write of a record."""
    found = _URL.fullmatch(item.url)
    wants_id = item.method in ("PATCH", "DELETE")
    if not found or item.method == "GET" or bool(found[2]) != wants_id:
        raise BadRequest()
    query: dict[str, str] = {}
    for key, value in lenient_pairs(found[3] or ""):
        query.setdefault(key, value)
    headers = {k.lower().replace("-", "_"): v for k, v in (item.headers or {}).items()}
    collection = tx.catalog.find(found[1])
    path = item.url.partition("?")[0]
    method, record_id = item.method, found[2] or ""
    if method == "PUT":
        record_id = await _known_id(tx, collection, item)
        method = "PATCH" if record_id else "POST"
        path = f"{path}/{record_id}" if record_id else path
    return Entry(method, path, collection, record_id, query, item.body or {}, headers)


async def _known_id(tx: Transaction, collection: Collection | None, item: Item) -> str:
    """The id that the body names, if there is such a record."""
    record_id = (item.body or {}).get("id")
    if collection is None or not record_id or not isinstance(record_id, str):
        return ""
    return record_id if await tx.find(collection, record_id) is not None else ""


def _refusal(error: RequestError) -> FieldError:
    return FieldError(
        "batch_request_failed", "Batch request failed.", extra={"response": error_value(error)}
    )
