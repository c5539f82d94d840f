"""Files of records: store them around a write, show them, make thumbs, sweep orphans."""

from tenfold.files.sweep import SweepReport, sweep
from tenfold.files.uploads import RecordUploads

__all__ = ["RecordUploads", "SweepReport", "sweep"]
