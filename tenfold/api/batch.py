"""`POST /api/batch`: several record writes as one transaction."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import msgspec

from tenfold.api.errors import error_body
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response
from tenfold.errors import (
    BadRequest,
    FieldError,
    FieldErrors,
    Forbidden,
    NotFound,
    RequestError,
)
from tenfold.records import RecordReads, RecordWrites
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.store.contract import Store, Transaction

NOT_ALLOWED = "Batch requests are not allowed."
UNREADABLE = "Failed to read the submitted batch data."
INVALID = "Invalid batch request data."
FAILED = "Batch transaction failed."

REQUIRED = FieldError("validation_required", "Cannot be blank.")
NOT_A_METHOD = FieldError("validation_in_invalid", "Must be a valid value.")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

DEFAULT_BODY_BYTES = 128 * 1024 * 1024

_RECORDS = re.compile(r"^/api/collections/([^/?]+)/records(?:/([^/?]+))?/?(?:\?(.*))?$", re.S)
_FILE_KEY = re.compile(r"^requests(?:\.(\d+)\.|\[(\d+)\]\.)(.+)$")


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


class Item(msgspec.Struct, frozen=True):
    """One entry of a batch, as it was sent."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}


class _Sent(msgspec.Struct):
    requests: list[Item] = []


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
    body_limit_bytes: int = DEFAULT_BODY_BYTES,
) -> list[Route]:
    """The route of batches."""
    batches = Batches(store, reads, writes, limits)
    return [Route("POST", "/api/batch", batches.run, body_limit_bytes=body_limit_bytes)]


@dataclass(frozen=True)
class Batches:
    """Runs the entries one after the other inside one transaction."""

    store: Store
    reads: RecordReads
    writes: RecordWrites
    limits: Callable[[], BatchLimits]

    async def run(self, request: Request) -> Response:
        """Answer a batch. Raises: Forbidden when batches are off, BadRequest."""
        limits = self.limits()
        if not limits.enabled:
            raise Forbidden(NOT_ALLOWED)
        items = parse_items(await request.json())
        _check(items, limits.max_requests)
        facts = await request.facts()

        async def work(tx: Transaction) -> list[dict[str, Any]]:
            async with asyncio.timeout(limits.timeout or None):
                return [await self._item(tx, i, item, facts) for i, item in enumerate(items)]

        try:
            return json_response(await self.store.write(work))
        except ItemFailed as failed:
            raise BadRequest(FAILED, {"requests": {str(failed.index): _failure(failed.error)}})
        except TimeoutError:
            raise BadRequest(FAILED) from None

    async def _item(
        self, tx: Transaction, index: int, item: Item, facts: RequestFacts
    ) -> dict[str, Any]:
        try:
            return await self._answer(tx, item, facts)
        except RequestError as error:
            raise ItemFailed(index, error) from error

    async def _answer(self, tx: Transaction, item: Item, facts: RequestFacts) -> dict[str, Any]:
        name, record_id, query = _target(item)
        collection = tx.catalog.find(name)
        if collection is None:
            raise NotFound("Missing collection context.")
        headers = {k.lower().replace("-", "_"): v for k, v in item.headers.items()}
        facts = replace(
            facts,
            method=item.method,
            query=query,
            headers={**facts.headers, **headers},
            body=item.body,
        )
        if item.method == "DELETE":
            await self.writes.delete(collection, record_id, facts)
            return {"body": None, "status": 204}
        record = await self._save(tx, collection, record_id, item, facts)
        shown = await self.reads.presenter.present(tx, [record], facts, query)
        return {"body": shown[0], "status": 200}

    async def _save(
        self,
        tx: Transaction,
        collection: Collection,
        record_id: str,
        item: Item,
        facts: RequestFacts,
    ) -> Any:
        """Create, update, or for PUT whichever fits."""
        if item.method == "PUT":
            record_id = str(item.body.get("id") or "")
            is_known = bool(record_id) and await tx.find(collection, record_id) is not None
            record_id = record_id if is_known else ""
        if record_id:
            return await self.writes.update(collection, record_id, item.body, facts)
        return await self.writes.create(collection, item.body, facts)


def parse_items(sent: Mapping[str, Any]) -> list[Item]:
    """The entries of a batch body; uploads of a multipart body go to the entry they name.

    Raises: BadRequest when the body is no batch.
    """
    try:
        items = msgspec.convert({"requests": sent.get("requests") or []}, _Sent).requests
    except msgspec.ValidationError as error:
        raise BadRequest(UNREADABLE) from error
    bodies = [dict(item.body) for item in items]
    for key, value in sent.items():
        found = _FILE_KEY.match(key)
        if found and int(found[1] or found[2]) < len(items):
            bodies[int(found[1] or found[2])][found[3]] = value
    return [
        Item(item.method, item.url, item.headers, body)
        for item, body in zip(items, bodies, strict=True)
    ]


def _check(items: list[Item], most: int) -> None:
    if not items:
        raise BadRequest(INVALID, {"requests": REQUIRED})
    if len(items) > most:
        too_long = FieldError(
            "validation_length_too_long",
            f"The length must be no more than {most}.",
            {"max": most, "min": 0},
        )
        raise BadRequest(INVALID, {"requests": too_long})
    problems: dict[str, FieldErrors] = {}
    for index, item in enumerate(items):
        problem: dict[str, FieldError] = {}
        if item.method not in METHODS:
            problem["method"] = NOT_A_METHOD if item.method else REQUIRED
        if not item.url:
            problem["url"] = REQUIRED
        if problem:
            problems[str(index)] = problem
    if problems:
        raise BadRequest(INVALID, {"requests": problems})


def _target(item: Item) -> tuple[str, str, dict[str, str]]:
    """Collection, record id and query of an entry. Raises: BadRequest."""
    found = _RECORDS.match(item.url)
    wants_id = item.method in ("PATCH", "DELETE")
    if not found or item.method == "GET" or bool(found[2]) != wants_id:
        raise BadRequest()
    query: dict[str, str] = {}
    for key, value in parse_qsl(found[3] or "", keep_blank_values=True):
        query.setdefault(key, value)
    return unquote(found[1]), unquote(found[2] or ""), query


def _failure(error: RequestError) -> FieldError:
    return FieldError(
        "batch_request_failed", "Batch request failed.", extra={"response": error_body(error)}
    )
