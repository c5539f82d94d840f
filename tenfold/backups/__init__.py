"""Backups of everything: create, keep, fetch, put back."""

from tenfold.backups.backups import Backups
from tenfold.backups.contract import BackupFile, DataFolder, Progress
from tenfold.backups.pending import apply as apply_pending_restore
from tenfold.backups.pending import is_pending as is_restore_pending
from tenfold.backups.turns import FolderUse

__all__ = [
    "BackupFile",
    "Backups",
    "DataFolder",
    "FolderUse",
    "Progress",
    "apply_pending_restore",
    "is_restore_pending",
]
