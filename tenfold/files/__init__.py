"""Files of records: store them around a write, show them, make thumbs, sweep orphans."""

from tenfold.files.keys import THUMBS
from tenfold.files.names import stored_name
from tenfold.files.serve import INLINE_TYPES, AskFacts, Files, ServedFile
from tenfold.files.sniff import HEAD_BYTES, same_type, sniff
from tenfold.files.sweep import SweepReport, in_batches, sweep
from tenfold.files.thumbs import Thumbs
from tenfold.files.uploads import RecordUploads

__all__ = [
    "HEAD_BYTES",
    "INLINE_TYPES",
    "THUMBS",
    "AskFacts",
    "Files",
    "RecordUploads",
    "ServedFile",
    "SweepReport",
    "Thumbs",
    "in_batches",
    "same_type",
    "sniff",
    "stored_name",
    "sweep",
]
