"""Collections: create, change, remove and import them, together with their tables."""

from tenfold.collections.bring import CollectionImport
from tenfold.collections.contract import CollectionFiles
from tenfold.collections.dry_run import ViewTrial
from tenfold.collections.reads import CollectionReads
from tenfold.collections.writes import CollectionWrites

__all__ = [
    "CollectionFiles",
    "CollectionImport",
    "CollectionReads",
    "CollectionWrites",
    "ViewTrial",
]
