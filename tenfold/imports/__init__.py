"""Bringing data in from elsewhere: a PocketBase data folder."""

from tenfold.imports.pocketbase import Import, Progress
from tenfold.imports.survey import CollectionCount, ImportReport

__all__ = ["CollectionCount", "Import", "ImportReport", "Progress"]
