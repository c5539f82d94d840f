"""`/api/collections/{collection}/records`: list, view, create, update, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tenfold.api.fast_lane import list_key
from tenfold.api.http import Request, Response, Route
from tenfold.api.responses import json_response, no_content
from tenfold.errors import NotFound
from tenfold.records import Answers, Footprint, RecordReads, RecordWrites
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Outdated

PATH = "/api/collections/{collection}/records"
MAX_ATTEMPTS = 5
NO_COLLECTION = "Missing collection context."


def routes(
    reads: RecordReads,
    writes: RecordWrites,
    answers: Answers,
    is_watched: Callable[[Collection], bool],
    *,
    body_limit_bytes: int,
    keeps_views: Callable[[], bool] = lambda: False,
) -> list[Route]:
    """The record routes; answers to lists of collections nobody watches are remembered.

    `body_limit_bytes` is what a body may take beside the files that a collection allows (0: any
    length). `keeps_views`: records that were viewed are remembered, too. (A database at hand
    leaves that to the fast lane.)
    """
    endpoints = RecordEndpoints(reads, writes, answers, is_watched, keeps_views)

    def limit(request: Request) -> int:
        return body_limit_bytes and body_limit_bytes + endpoints.file_bytes(request)

    return [
        Route("GET", PATH, endpoints.list, tags=("list",)),
        Route("POST", PATH, endpoints.create, body_limit_bytes=limit, tags=("create",)),
        Route("GET", PATH + "/{id}", endpoints.view, tags=("view",)),
        Route("PATCH", PATH + "/{id}", endpoints.update, body_limit_bytes=limit, tags=("update",)),
        Route("DELETE", PATH + "/{id}", endpoints.delete, tags=("delete",)),
    ]


class RecordEndpoints:
    """The handlers of the record routes."""

    def __init__(
        self,
        reads: RecordReads,
        writes: RecordWrites,
        answers: Answers,
        is_watched: Callable[[Collection], bool],
        keeps_views: Callable[[], bool],
    ) -> None:
        self._reads = reads
        self._writes = writes
        self._answers = answers
        self._is_watched = is_watched
        self._keeps_views = keeps_views

    def collection(self, request: Request) -> Collection:
        """The collection that the path names. Raises: NotFound."""
        found = self._reads.store.catalog.find(request.params["collection"])
        if found is None:
            raise NotFound(NO_COLLECTION)
        return found

    def file_bytes(self, request: Request) -> int:
        """How much the files of one record may take; only multipart bodies lie on the disk."""
        found = self._reads.store.catalog.find(request.params["collection"])
        if found is None or not request.header("content-type").startswith("multipart/"):
            return 0
        return sum(field.most_bytes for field in found.file_fields)

    async def _open(self, request: Request) -> tuple[Collection, RequestFacts]:
        """The collection as it is once all else is known: it may change meanwhile."""
        self.collection(request)
        facts = await request.facts()
        return self.collection(request), facts

    async def list(self, request: Request) -> Response:
        return await _up_to_date(lambda: self._list(request))

    async def _list(self, request: Request) -> Response:
        collection, facts = await self._open(request)
        footprint, heard = Footprint(), self._answers.changes_heard
        page = await self._reads.list(collection, facts, request.query, footprint)
        response = json_response(page.wire())
        if not footprint.is_volatile and not self._is_watched(collection):
            key = list_key(request.params["collection"], request.query_string, facts.actor)
            self._answers.keep_list(key, response.body, footprint.collection_ids, heard)
        return response

    async def view(self, request: Request) -> Response:
        return await _up_to_date(lambda: self._view(request))

    async def _view(self, request: Request) -> Response:
        collection, facts = await self._open(request)
        heard = self._answers.changes_heard
        record = await self._reads.get(collection, request.params["id"], facts)
        if self._keeps_views() and not request.query_string and not self._is_watched(collection):
            self._answers.keep_record(record, heard)
        presenter, store = self._reads.presenter, self._reads.store
        return json_response((await presenter.present(store, [record], facts, request.query))[0])

    async def create(self, request: Request) -> Response:
        collection, facts = await self._open(request)
        record = await self._writes.create(collection, facts.body, facts)
        return await self._answer(request, record, facts)

    async def update(self, request: Request) -> Response:
        collection, facts = await self._open(request)
        record = await self._writes.update(collection, request.params["id"], facts.body, facts)
        return await self._answer(request, record, facts)

    async def delete(self, request: Request) -> Response:
        collection, facts = await self._open(request)
        await self._writes.delete(collection, request.params["id"], facts)
        return no_content()

    async def _answer(self, request: Request, record: Record, facts: RequestFacts) -> Response:
        shown = await self._reads.presenter.present(self._reads.store, [record], facts, facts.query)
        return json_response(shown[0])


async def _up_to_date(answer: Callable[[], Awaitable[Response]]) -> Response:
    """Answer, anew when a collection's table changed under the reads. Raises: Unavailable."""
    for _ in range(MAX_ATTEMPTS):
        try:
            return await answer()
        except Outdated:
            continue
    raise Outdated
