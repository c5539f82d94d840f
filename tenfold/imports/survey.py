"""What an import finds in its source, and what it says at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tenfold.imports.plan import Plan, rows_of
from tenfold.imports.source import PocketBaseFolder
from tenfold.imports.values import record_of
from tenfold.schema.fields import FileField
from tenfold.schema.record import Record

MISSING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class CollectionCount:
    """How many records a collection has on both sides."""

    name: str
    kind: str
    source: int
    target: int


@dataclass(slots=True)
class ImportReport:
    """What an import brought, or would bring."""

    is_dry: bool
    is_legacy: bool
    collections: list[CollectionCount] = field(default_factory=list[CollectionCount])
    files: int = 0
    files_bytes: int = 0
    missing: list[str] = field(default_factory=list[str])
    missing_count: int = 0
    notes: list[str] = field(default_factory=list[str])

    def miss(self, key: str) -> None:
        """Note a file that a record names and the source lacks."""
        self.missing_count += 1
        if len(self.missing) < MISSING_SHOWN:
            self.missing.append(key)


def survey(source: PocketBaseFolder, plan: Plan, *, dry: bool) -> ImportReport:
    """Count what there is to import, and note what will be missing."""
    report = ImportReport(is_dry=dry, is_legacy=plan.is_legacy)
    for planned in plan.planned:
        count = source.count(planned.table) if planned.table else 0
        collection = planned.collection
        report.collections.append(CollectionCount(collection.name, collection.type, count, 0))
    if plan.files_are_remote:
        report.notes.append("uploaded files stay in the S3 bucket that the settings name")
    else:
        _survey_files(source, plan, report)
    if (source.folder.parent / "pb_hooks").is_dir():
        report.notes.append("JavaScript hooks (pb_hooks) are not run: see the Python hooks guide")
    return report


def _survey_files(source: PocketBaseFolder, plan: Plan, report: ImportReport) -> None:
    for file in source.files():
        report.files += 1
        report.files_bytes += file.size_bytes
    for planned in plan.planned:
        if not any(isinstance(f, FileField) for f in planned.collection.fields):
            continue
        for row in rows_of(source, planned, plan):
            for key in _file_keys(record_of(planned.collection, row)):
                if not source.has_file(key):
                    report.miss(key)


def _file_keys(record: Record) -> Iterator[str]:
    for f in record.collection.fields:
        if isinstance(f, FileField):
            for name in f.listed(record[f.name]):
                yield f"{record.collection.id}/{record.id}/{name}"
