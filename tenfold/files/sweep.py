"""Find and remove files that no row names: what a crash or a postponed delete left behind."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tenfold.blobs import BlobMeta, Blobs
from tenfold.files.keys import FileKey, file_names, split_key
from tenfold.store.contract import Reads

log = logging.getLogger(__name__)

BATCH = 500
DOUBTFUL = 20
"""So many files of which records name none are hardly leftovers: is it the right database?"""
DEFAULT_MIN_AGE_S = 3600.0


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep saw and removed."""

    seen_count: int = 0
    removed_count: int = 0
    removed_bytes: int = 0

    def plus(self, seen: int, removed: list[BlobMeta]) -> SweepReport:
        """This report and one more batch."""
        return SweepReport(
            self.seen_count + seen,
            self.removed_count + len(removed),
            self.removed_bytes + sum(meta.size_bytes for meta in removed),
        )


def utc_now() -> datetime:
    return datetime.now(UTC)


async def sweep(
    reads: Reads,
    blobs: Blobs,
    *,
    min_age_s: float = DEFAULT_MIN_AGE_S,
    now: Callable[[], datetime] = utc_now,
) -> SweepReport:
    """Remove orphans that are older than `min_age_s`.

    Safe beside running writers: a file is stored moments before the row that names it is
    committed, so what is that old and still unnamed stays unnamed (names are never reused).
    In a bucket, keys of unknown collections are left alone: they may be somebody else's. So
    are many files together of which no record names a single one.
    """
    await blobs.tidy()
    newest = now() - timedelta(seconds=min_age_s)
    report = SweepReport()
    async for batch in in_batches(blobs.list()):
        old = [meta for meta in batch if meta.modified_at <= newest]
        orphans = await _orphans(reads, blobs, old)
        if len(orphans) == len(old) >= DOUBTFUL:
            log.warning("no record names any of %d files (%s ...); they stay", len(old), old[0].key)
            orphans = []
        for meta in orphans:
            await blobs.delete(meta.key)
        report = report.plus(len(batch), orphans)
    if report.removed_count:
        log.info("removed %d files that no record names", report.removed_count)
    return report


async def in_batches(metas: AsyncIterator[BlobMeta]) -> AsyncIterator[list[BlobMeta]]:
    """The same, some hundred at a time."""
    batch: list[BlobMeta] = []
    async for meta in metas:
        batch.append(meta)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _orphans(reads: Reads, blobs: Blobs, batch: list[BlobMeta]) -> list[BlobMeta]:
    keys = {meta.key: split_key(meta.key) for meta in batch}
    named = await _named(reads, [key for key in keys.values() if key])
    catalog = reads.catalog
    orphans: list[BlobMeta] = []
    for meta in batch:
        key = keys[meta.key]
        is_ours = key is not None and key.collection_id in catalog.by_id
        if key not in named and (is_ours or blobs.local_path(meta.key) is not None):
            orphans.append(meta)
    return orphans


async def _named(reads: Reads, keys: list[FileKey]) -> set[FileKey]:
    """Those of the keys that a row names."""
    wanted: dict[str, set[str]] = {}
    for key in keys:
        wanted.setdefault(key.collection_id, set()).add(key.record_id)
    named: set[FileKey] = set()
    for collection_id, record_ids in wanted.items():
        collection = reads.catalog.by_id.get(collection_id)
        if collection is None or collection.type == "view":
            continue
        for record in (await reads.find_many(collection, sorted(record_ids))).values():
            named |= {FileKey(collection_id, record.id, name) for name in file_names(record)}
    return named
