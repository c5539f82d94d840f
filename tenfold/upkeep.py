"""What a worker sees to beside requests: where files lie, orphans, backups, restores.

A part of the composition root.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenfold.adapters import backups_folder, backups_of, blobs_in, files_in
from tenfold.administration import S3, SettingsRoom, StoredSettings
from tenfold.backups import is_restore_pending
from tenfold.blobs.current import CurrentBlobs
from tenfold.blobs.disk import DiskBlobs
from tenfold.blobs.twin import TwinBlobs
from tenfold.errors import TenfoldError
from tenfold.files import sweep
from tenfold.jobs import Crons, JobStore
from tenfold.moves import MissedKeys
from tenfold.settings import Settings
from tenfold.store.contract import Store

LOOK_S = 0.5
FIRST_SWEEP = "__tenfoldFirstSweep__"

log = logging.getLogger("tenfold.upkeep")


def uploads_folder(settings: Settings) -> Path:
    """Where uploads lie until their request is done: on the disk that will keep them."""
    return settings.dir / ".uploads"


class Upkeep:
    """The files of records, the backups, and the background work around them.

    `started_at` is when the service was alone on the data folder at its start (seconds since
    1970), or None: what lies there unnamed from before was left by a crash.
    """

    def __init__(
        self,
        settings: Settings,
        room: SettingsRoom,
        store: Store,
        job_store: JobStore,
        crons: Crons,
        started_at: float | None,
    ) -> None:
        self._settings = settings
        self._room = room
        self._store = store
        self._job_store = job_store
        self._crons = crons
        self._started_at = started_at
        self.blobs = CurrentBlobs(files_in(S3(), settings))
        self._archives = CurrentBlobs(DiskBlobs(backups_folder(settings)))
        self.backups = backups_of(settings, self.blobs, self._archives, self._app_name)
        self._places = (S3(), S3())
        self._files_at: tuple[str, str | None] = (settings.blobs, None)
        self._tasks: set[asyncio.Task[None]] = set()
        # A restore ends this service: with several workers, their parent.
        self._main_pid = os.getppid() if settings.worker_count > 1 else os.getpid()

    async def start(self) -> None:
        """Follow the settings from now on, and look for what a crash left."""
        uploads_folder(self._settings).mkdir(exist_ok=True)
        self._follow(self._room.current())
        self._room.listen(self._follow)
        self._spawn(self._watch_for_restore())
        if self._started_at is not None:
            self._spawn(self._sweep_leftovers(self._started_at))

    async def stop(self) -> None:
        """Give up what is under way."""
        self.backups.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def sweep(self) -> None:
        """Remove old files that no record names."""
        await sweep(self._store, self.blobs)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _follow(self, stored: StoredSettings) -> None:
        places = (stored.s3, stored.backups.s3)
        if places[0] != self._places[0]:
            self._use_files(places[0])
        if places[1] != self._places[1]:
            self._archives.use(blobs_in(places[1], backups_folder(self._settings)))
        self._places = places
        self._crons.set_backup(stored.backups.cron, self._back_up)

    def use_places(self, first: str, second: str | None) -> None:
        """Find and keep files at the place of the setting `blobs`, and keep them at another, too.

        A bucket among the stored settings goes before both.
        """
        if (first, second) != self._files_at:
            self._files_at = first, second
            self._use_files(self._places[0])

    def _use_files(self, s3: S3) -> None:
        first, second = self._files_at
        found = files_in(s3, replace(self._settings, blobs=first))
        if second is not None and second != first and not s3.enabled:
            other = files_in(s3, replace(self._settings, blobs=second))
            found = TwinBlobs(found, other, MissedKeys(self._settings.dir).add)
        self.blobs.use(found)

    async def _back_up(self) -> None:
        await self.backups.run_scheduled(self._room.current().backups.cron_max_keep)

    def _app_name(self) -> str:
        return self._room.current().meta.app_name

    async def _watch_for_restore(self) -> None:
        """Stop the service when a restore waits; its start carries the restore out."""
        while not is_restore_pending(self._settings.dir):
            await asyncio.sleep(LOOK_S)
        log.warning("the service starts again with the data of a backup")
        os.kill(self._main_pid, signal.SIGTERM)

    async def _sweep_leftovers(self, started_at: float) -> None:
        """Remove the files of writes that a crash cut short; one worker does."""
        # A bucket is listed by the daily sweep only: that costs time and money there.
        if self.blobs.local_path("any") is None:
            return
        try:
            if await self._job_store.claim_slot(FIRST_SWEEP, int(started_at * 1000)):
                moment = datetime.fromtimestamp(started_at, UTC)
                await sweep(self._store, self.blobs, min_age_s=0, now=lambda: moment)
        except TenfoldError:
            log.exception("leftovers could not be removed; the daily sweep tries again")
