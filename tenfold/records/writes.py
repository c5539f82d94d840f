"""Create, update and delete records: check, then store the row and its change together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from tenfold.errors import BadRequest, FieldError, FieldErrors, NotFound, Unavailable
from tenfold.hooks import HookRegistry, RecordEvent, RecordEventName
from tenfold.records import access, body
from tenfold.records.contract import AuthRecords, RecordFiles
from tenfold.records.relations import Cascade, check_relations
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Conflict, NotUnique, Store, Transaction

NOT_UNIQUE = FieldError("validation_not_unique", "Value must be unique.")
CANT_CREATE = "Failed to create record."
CANT_UPDATE = "Failed to update record."
MAX_ATTEMPTS = 8
"""How often an update is worked out anew because the record changed under it."""

Errors = dict[str, FieldError | FieldErrors]
T = TypeVar("T")
Then = Callable[[Transaction, Record], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A body whose slow parts, if any, are done: uploads stored, password hashed."""

    sent: dict[str, Any]
    message: str
    staged_names: Sequence[str] = ()
    errors: Errors = field(default_factory=Errors)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class RecordWrites:
    """The writing use cases; `facts` says who asks, `sent` is the decoded body."""

    store: Store
    hooks: HookRegistry
    files: RecordFiles
    auth: AuthRecords
    now: Callable[[], datetime] = utc_now

    # --- create -------------------------------------------------------------------------

    async def create(
        self,
        collection: Collection,
        sent: Mapping[str, Any],
        facts: RequestFacts,
        then: Then | None = None,
    ) -> Record:
        """Store a new record; `then` runs right after it, in the same transaction.

        Raises: Forbidden (no rule), BadRequest (rule not met, or what is wrong per field).
        """
        _writable(collection)
        reads = self.store.current()
        access.conditions(collection, "create", reads.catalog, facts)
        sent = body.allowed(collection, sent, is_superuser=facts.is_superuser)
        record_id, prepared = "", _Prepared(sent, CANT_CREATE)
        # Made here, before the turn to write, which is the scarcest thing there is.
        draft, draft_facts = self._draft(collection, sent, facts)
        is_costly = self._is_costly(collection)
        if is_costly:
            if not await access.allows(reads, draft, "create", draft_facts):
                raise BadRequest(CANT_CREATE)
            record_id, prepared = draft.id, await self._prepare(draft, None, prepared)

        async def work(tx: Transaction) -> Record:
            known = _as_of(tx, collection)
            record, seen = draft.copy(), draft_facts
            if is_costly or known is not collection:
                record, seen = self._draft(known, prepared.sent, facts, record_id)
            if not await access.allows(tx, record, "create", seen):
                raise BadRequest(CANT_CREATE)
            event = _event(record, None, facts, tx)
            await self._run_before("before_create", event)
            await self._finish(tx, record, None, prepared, facts)
            await tx.insert(record)
            if then:
                await then(tx, record)
            self._announce("after_create", event, tx)
            return record

        is_single = then is None and self._is_single("before_create", collection)
        return await self._commit(work, collection, record_id, prepared, is_single=is_single)

    def _draft(
        self,
        collection: Collection,
        sent: Mapping[str, Any],
        facts: RequestFacts,
        record_id: str = "",
    ) -> tuple[Record, RequestFacts]:
        """The record that a body asks for, and the request as rules see it then.

        `record_id` is the one that an earlier draft was given.
        """
        record = body.blank(collection)
        named = body.apply(record, sent)
        record.values["id"] = record_id or record.id
        body.fill(record, named, is_new=True, now=self.now())
        return record, facts.with_body(body.resolved(record, sent, named))

    # --- update -------------------------------------------------------------------------

    async def update(
        self, collection: Collection, record_id: str, sent: Mapping[str, Any], facts: RequestFacts
    ) -> Record:
        """Change a record.

        Raises: Forbidden (no rule), NotFound (no such record, or the rule hides it),
        BadRequest (what is wrong per field).
        """
        _writable(collection)
        reads = self.store.current()
        access.conditions(collection, "update", reads.catalog, facts)
        sent = body.allowed(collection, sent, is_superuser=facts.is_superuser)
        prepared = _Prepared(sent, CANT_UPDATE)
        if self._is_costly(collection):
            before = await reads.find(collection, record_id)
            if before is None:
                raise NotFound
            draft, draft_facts = self._changed(before, sent, facts)
            if not await access.allows(reads, before, "update", draft_facts):
                raise NotFound
            prepared = await self._prepare(draft, before, prepared)

        async def work(tx: Transaction) -> Record:
            before = await tx.find(_as_of(tx, collection), record_id)
            if before is None:
                raise NotFound
            record, seen = self._changed(before, prepared.sent, facts)
            if not await access.allows(tx, before, "update", seen):
                raise NotFound
            event = _event(record, before, facts, tx)
            await self._run_before("before_update", event)
            await self._finish(tx, record, before, prepared, facts)
            await tx.update(record)
            self._announce("after_update", event, tx)
            self._drop_files_later(tx, record, _file_names(before) - _file_names(record))
            return record

        is_single = self._is_single("before_update", collection)
        return await self._commit(work, collection, record_id, prepared, is_single=is_single)

    def _changed(
        self, before: Record, sent: Mapping[str, Any], facts: RequestFacts
    ) -> tuple[Record, RequestFacts]:
        """The record as a body changes it, and the request as rules see it then."""
        record = before.copy()
        named = body.apply(record, sent)
        seen = body.resolved(record, sent, named)
        body.fill(record, named, is_new=False, now=self.now())
        return record, facts.with_body(seen)

    # --- delete -------------------------------------------------------------------------

    async def delete(self, collection: Collection, record_id: str, facts: RequestFacts) -> None:
        """Remove a record and what must go with it.

        Raises: Forbidden (no rule), NotFound, BadRequest (a required relation names it).
        """
        _writable(collection)
        access.conditions(collection, "delete", self.store.current().catalog, facts)

        async def work(tx: Transaction) -> None:
            record = await tx.find(_as_of(tx, collection), record_id)
            if record is None or not await access.allows(tx, record, "delete", facts):
                raise NotFound
            event = _event(record, record, facts, tx)
            await self._run_before("before_delete", event)
            if collection.type == "auth":
                await self.auth.before_delete(tx, record)
            cascade = Cascade(tx, self.now())
            await cascade.delete(record)
            self._announce("after_delete", event, tx)
            for gone in cascade.deleted:
                self._drop_all_files_later(tx, gone)

        await self._attempt(work)

    # --- the steps ----------------------------------------------------------------------

    def _is_costly(self, collection: Collection) -> bool:
        """Whether preparing a write takes so much that its rule is asked before, too."""
        return bool(collection.file_fields) or self.auth.concerns(collection)

    def _is_single(self, before: RecordEventName, collection: Collection) -> bool:
        """Whether a create or update touches nothing but its record."""
        return not (self.hooks.has(before, collection) or self.auth.concerns(collection))

    async def _prepare(
        self, record: Record, before: Record | None, prepared: _Prepared
    ) -> _Prepared:
        """Do what is slow before the transaction: store files, hash a password."""
        collection = record.collection
        if collection.file_fields:
            staged = await self.files.stage(collection, record.id, prepared.sent)
            errors: Errors = {**staged.errors}
            prepared = _Prepared(staged.body, prepared.message, staged.names, errors)
        if self.auth.concerns(collection):
            sent = await self.auth.prepare(collection, before, prepared.sent)
            prepared = replace(prepared, sent=sent)
        return prepared

    async def _finish(
        self,
        tx: Transaction,
        record: Record,
        before: Record | None,
        prepared: _Prepared,
        facts: RequestFacts,
    ) -> None:
        """Check everything about the record. Raises: BadRequest with all problems together."""
        errors: Errors = dict(prepared.errors)
        if self.auth.concerns(record.collection):
            manages = await access.can_manage(tx, record if before is None else before, facts)
            errors |= await self.auth.apply(
                tx, record, before, prepared.sent, facts, can_manage=manages
            )
        errors = body.check_fields(record, before) | errors
        if record.collection.file_fields and not prepared.errors:
            # Uploads that were refused have names, too, but nothing is stored under them.
            errors |= self.files.check_names(record, before, prepared.staged_names)
        errors = await check_relations(tx, record, before) | errors
        if errors:
            raise BadRequest(prepared.message, errors)

    async def _commit(
        self,
        work: Callable[[Transaction], Awaitable[Record]],
        collection: Collection,
        record_id: str,
        prepared: _Prepared,
        *,
        is_single: bool,
    ) -> Record:
        """Run the transaction, anew when the record changed under it; tidy up if it fails."""

        async def drop_staged() -> None:
            if prepared.staged_names:
                await self.files.remove(collection, record_id, prepared.staged_names)

        async def guarded(tx: Transaction) -> Record:
            done = await work(tx)
            # For a batch that fails later; this write's own failure is handled below.
            tx.after_rollback(drop_staged)
            return done

        try:
            attempted = guarded if prepared.staged_names else work
            return await self._attempt(attempted, is_single=is_single)
        except NotUnique as error:
            await drop_staged()
            # An index on an expression has no field to blame.
            known = collection.by_name
            taken = {name: NOT_UNIQUE for name in error.columns if name in known}
            raise BadRequest(prepared.message, taken) from error
        except Exception:
            # Not on cancellation: the write may still be committed.
            await drop_staged()
            raise

    async def _attempt(
        self, work: Callable[[Transaction], Awaitable[T]], *, is_single: bool = False
    ) -> T:
        for _ in range(MAX_ATTEMPTS):
            try:
                return await self.store.write(work, is_single=is_single)
            except Conflict:
                continue
        raise Unavailable("The record changes too often.")

    async def _run_before(self, event: RecordEventName, seen: RecordEvent) -> None:
        if not self.hooks.has(event, seen.collection):
            return
        asked = dict(seen.record.values)
        # A part of its own, so that nothing a hook has left running gets into the write.
        await self.store.write(lambda tx: self.hooks.before(event, replace(seen, tx=tx)))
        body.recast(seen.record, asked)

    def _announce(self, event: RecordEventName, seen: RecordEvent, tx: Transaction) -> None:
        if self.hooks.has(event, seen.collection):
            tx.after_commit(lambda: self.hooks.after(event, replace(seen, tx=None)))

    def _drop_files_later(self, tx: Transaction, record: Record, names: set[str]) -> None:
        if names:
            tx.after_commit(lambda: self.files.remove(record.collection, record.id, sorted(names)))

    def _drop_all_files_later(self, tx: Transaction, record: Record) -> None:
        if record.collection.file_fields:
            tx.after_commit(lambda: self.files.remove_all(record.collection, record.id))


def _event(
    record: Record, original: Record | None, facts: RequestFacts, tx: Transaction
) -> RecordEvent:
    return RecordEvent(
        collection=record.collection, record=record, original=original, request=facts, tx=tx
    )


def _as_of(tx: Transaction, collection: Collection) -> Collection:
    """The collection as the transaction has it: it may have changed since the request came."""
    found = tx.catalog.by_id.get(collection.id)
    if found is None:
        raise NotFound
    return found


def _writable(collection: Collection) -> None:
    if collection.type == "view":
        raise BadRequest("Unsupported collection type.")


def _file_names(record: Record) -> set[str]:
    names: set[str] = set()
    for file in record.collection.file_fields:
        names.update(file.listed(record.values[file.name]))
    return names
