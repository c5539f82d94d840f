"""Records: read and write them under their collection's rules."""

from tenfold.records.access import can_manage, rule
from tenfold.records.answers import Answers, RecordAnswer
from tenfold.records.body import recast
from tenfold.records.contract import AuthRecords, RecordFiles, StagedFiles
from tenfold.records.footprint import Footprint
from tenfold.records.paging import Page, Paging, parse_paging
from tenfold.records.present import Presenter
from tenfold.records.reads import RecordReads
from tenfold.records.shape import parse_shape
from tenfold.records.unruled import UnruledRecords
from tenfold.records.writes import RecordWrites

__all__ = [
    "Answers",
    "AuthRecords",
    "Footprint",
    "Page",
    "Paging",
    "Presenter",
    "RecordAnswer",
    "RecordFiles",
    "RecordReads",
    "RecordWrites",
    "StagedFiles",
    "UnruledRecords",
    "can_manage",
    "parse_paging",
    "parse_shape",
    "recast",
    "rule",
]
