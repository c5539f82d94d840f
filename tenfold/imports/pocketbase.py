"""Bring a PocketBase data folder over: all of it, checked, or nothing.

Everything is built in a staging folder beside the target, compared with the source, and only
then renamed to the target. A run that was killed leaves a staging folder, which the next run
removes; the source is never written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from tenfold.administration import SettingsRoom
from tenfold.blobs import Blobs
from tenfold.durable import sync
from tenfold.errors import OperatorError
from tenfold.imports.files import copy_files
from tenfold.imports.plan import Plan, Planned, make_plan, rows_of
from tenfold.imports.records import ROWS_AT_ONCE, Digest, digest_of, insert_all
from tenfold.imports.source import PocketBaseFolder
from tenfold.imports.survey import CollectionCount, ImportReport, survey
from tenfold.imports.values import record_of
from tenfold.store.contract import Store, Transaction

SPACE_FACTOR = 3
"""A row takes its own size, a change-log entry, and a share of indexes."""


class Progress(Protocol):
    """Hears how far an import is."""

    def begin(self, rows: int, files_bytes: int) -> None:
        """What there is to do in all."""
        ...

    def advance(self, *, rows: int = 0, files_bytes: int = 0, doing: str = "") -> None:
        """What was done since the last call."""
        ...


@dataclass(frozen=True, slots=True)
class Import:
    """One import and its means: how to open a database and a place for files in a folder."""

    source: Path
    target: Path
    open_store: Callable[[Path], Store]
    open_blobs: Callable[[Path], Blobs]
    progress: Progress
    source_key: str = ""
    target_key: str = ""

    async def run(self, *, dry: bool = False) -> ImportReport:
        """Do it, or with `dry` only say what would be done.

        Raises: OperatorError; then the target is as it was.
        """
        self._check_target()
        staging = self.target.with_name(f".{self.target.name}.importing")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, mode=0o700)
        try:
            return await self._with_staging(staging, dry)
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    async def _with_staging(self, staging: Path, dry: bool) -> ImportReport:
        scratch = staging / "scratch"
        scratch.mkdir()
        source = PocketBaseFolder(self.source, scratch)
        try:
            plan = make_plan(source, self.source_key)
            report = survey(source, plan, dry=dry)
            if not dry:
                self._check_space(source, report)
                await self._copy(source, plan, report, staging)
                source.check_unchanged()
        finally:
            source.close()
        if not dry:
            self._publish(staging / "data")
        return report

    def _check_target(self) -> None:
        if self.target.exists() and (not self.target.is_dir() or any(self.target.iterdir())):
            raise OperatorError(
                f"{self.target} is not empty",
                hint="import into a new folder: --dir DIR; move the old one away first",
            )
        if self.source.resolve() == self.target.resolve():
            raise OperatorError("an import can't have its source as its target")

    def _check_space(self, source: PocketBaseFolder, report: ImportReport) -> None:
        needed = source.size_bytes * SPACE_FACTOR + report.files_bytes
        self.target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.target.parent).free
        if free < needed:
            raise OperatorError(
                f"{self.target.parent} has {free >> 20} MiB free, the import may need"
                f" {needed >> 20} MiB",
                hint="free some space, or choose another disk with --dir",
            )

    async def _copy(
        self, source: PocketBaseFolder, plan: Plan, report: ImportReport, staging: Path
    ) -> None:
        folder = staging / "data"
        folder.mkdir(mode=0o700)
        rows = sum(count.source for count in report.collections)
        self.progress.begin(rows, report.files_bytes)
        store = self.open_store(folder)
        await store.open()
        try:
            await self._copy_records(store, source, plan, report)
        finally:
            await store.close()
        if not plan.files_are_remote:
            blobs = self.open_blobs(folder)
            await copy_files(source, blobs, staging / "scratch", self._advance_files)
            await blobs.tidy()

    async def _copy_records(
        self, store: Store, source: PocketBaseFolder, plan: Plan, report: ImportReport
    ) -> None:
        await _make_collections(store, plan)
        await _save_settings(store, plan, self.target_key)
        for i, planned in enumerate(plan.planned):
            if not planned.table:
                continue
            stored = store.catalog.by_id[planned.collection.id]
            before = await self._insert_all(store, source, Planned(stored, planned.table), plan)
            after = await digest_of(store, stored)
            if before != after:
                raise OperatorError(
                    f"{stored.name}: the {after.count} records written differ from the"
                    f" {before.count} read",
                    hint="this is a bug of Tenfold; the data folder is untouched, please report it",
                )
            seen = report.collections[i]
            report.collections[i] = CollectionCount(seen.name, seen.kind, seen.source, after.count)

    async def _insert_all(
        self, store: Store, source: PocketBaseFolder, planned: Planned, plan: Plan
    ) -> Digest:
        digest = Digest()
        rows = rows_of(source, planned, plan)
        while some := [record_of(planned.collection, row) for row in islice(rows, ROWS_AT_ONCE)]:
            await store.write(insert_all(planned.collection, some))
            for record in some:
                digest.add(record)
            self.progress.advance(rows=len(some), doing=planned.collection.name)
        return digest

    def _advance_files(self, size_bytes: int, key: str) -> None:
        self.progress.advance(files_bytes=size_bytes, doing=key)

    def _publish(self, folder: Path) -> None:
        """Make the finished folder the target; from here on the import has happened."""
        if self.target.exists():
            self.target.rmdir()
        sync(folder)
        os.rename(folder, self.target)
        sync(self.target.parent)


async def _make_collections(store: Store, plan: Plan) -> None:
    kept = {planned.collection.id for planned in plan.planned}

    async def work(tx: Transaction) -> None:
        removed = [c for c in tx.catalog.collections if c.id not in kept]
        await tx.save_collections([p.collection for p in plan.planned], removed)

    await store.write(work)


async def _save_settings(store: Store, plan: Plan, key: str) -> None:
    room = SettingsRoom(store, key)

    async def work(tx: Transaction) -> None:
        await room.save(tx, plan.settings)

    await store.write(work)
