"""What a worker tells of itself, and how it learns what the others tell; for `/api/metrics`.

A part of the composition root. Nothing is put together until somebody asks.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec

from tenfold.api.fast_lane import FastLane
from tenfold.api.metrics import RequestFigures, Workers
from tenfold.auth import Passwords
from tenfold.databases import ServiceStore
from tenfold.errors import TenfoldError
from tenfold.hooks.running import hook_times
from tenfold.records import Answers
from tenfold.settings import Settings
from tenfold.store.contract import COLLECTIONS, Change
from tenfold.store.sqlite import READ_THREADS
from tenfold.telemetry.board import Board
from tenfold.telemetry.figures import Heat, Sample, Tally, distribution_samples
from tenfold.telemetry.pulse import BEAT_S, Pulse

WORST_STATEMENTS = 25
OTHERS_ANSWER_WITHIN_S = 1.5
LOOK_S = 0.05


class WorkerFigures:
    """The figures of one worker, shown to the others on a board."""

    def __init__(
        self,
        settings: Settings,
        board: Board | None,
        *,
        store: ServiceStore,
        answers: Answers,
        passwords: Passwords,
    ) -> None:
        self.requests = RequestFigures()
        self._settings = settings
        self._board = board or Board(1)
        self._number = 0
        self._store = store
        self._answers = answers
        self._passwords = passwords
        self._lane: FastLane | None = None
        self._changed: Heat[tuple[str, str]] = Heat()
        self._pulse = Pulse(self._beat)
        self._plans: dict[str, list[str]] = {}

    def watch(self, lane: FastLane) -> None:
        """Count what a lane answers, too."""
        self._lane = lane

    def heed(self, change: Change) -> None:
        """Count a committed change; told of those of other workers, too."""
        self._changed.add((change.collection_id, change.record_id))
        if change.collection_id == COLLECTIONS:
            self._plans.clear()

    async def start(self) -> None:
        """Begin to measure, on the worker's event loop."""
        self._number = self._board.claim()
        self._pulse.start()

    async def stop(self) -> None:
        """End."""
        self._pulse.stop()

    async def gather(self) -> Workers:
        """What all workers tell, each as of now; one whose loop is stuck, as of earlier."""
        asked_at = self._board.ask()
        self._write()
        ends_at = asked_at + OTHERS_ANSWER_WITHIN_S
        while True:
            shown = self._board.read()
            is_fresh = all(at >= asked_at for at, _ in shown.values())
            # A worker that was never asked before shows nothing yet: wait a beat for it.
            is_whole = len(shown) >= self._settings.worker_count
            if (is_fresh and is_whole) or time.monotonic() > ends_at:
                break
            await asyncio.sleep(LOOK_S)
        now = time.monotonic()
        return {
            str(number): {**msgspec.json.decode(told), "age_s": now - at}
            for number, (at, told) in sorted(shown.items())
        }

    def _beat(self) -> None:
        if self._board.is_asked():
            self._write()

    def _write(self) -> None:
        # Commits that nobody has asked about yet count, too.
        with suppress(TenfoldError):
            self._store.poll()
        for count in (WORST_STATEMENTS, 5, 0):
            if self._board.write(msgspec.json.encode(self._told(count))):
                return

    def _told(self, statements: int) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "at": time.time(),
            "threads": _threads(),
            "settings": {
                "cache_bytes": self._settings.worker_cache_bytes,
                "password_threads": self._settings.password_threads,
                "workers": self._settings.worker_count,
                "read_threads": READ_THREADS,
                "hooks_folder": str(self._settings.hooks_folder),
                "dir": str(self._settings.dir),
            },
            "samples": [(s.name, s.value, s.labels) for s in self.samples()],
            "statements": self._statements(statements),
            "hooks": {
                place: [tally.count, tally.total_s] for place, tally in hook_times.by_name.items()
            },
            "hottest": self._hottest(),
        }

    def _statements(self, count: int) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        for text, digest in self._store.figures.digests.worst(count):
            plan = self._plans.get(text)
            if plan is None:
                plan = self._plans[text] = self._store.explain(text, digest.params)
            told.append(
                {
                    "sql": text[:4_000],
                    "count": digest.count,
                    "total_s": digest.total_s,
                    "longest_s": digest.longest_s,
                    "rows": digest.rows,
                    "plan": plan,
                }
            )
        return told

    def _hottest(self) -> dict[str, Any]:
        key, count = self._changed.hottest()
        catalog = self._store.known_catalog
        collection = catalog.by_id.get(key[0]) if key else None
        return {
            "collection": collection.name if collection else "",
            "record": key[1] if key else "",
            "count": count,
            "total": self._changed.total,
        }

    # --- as samples -----------------------------------------------------------------------

    def samples(self) -> Iterable[Sample]:
        """All figures of this worker."""
        yield from self._loop_samples()
        yield from self.requests.samples()
        yield from self._lane_samples()
        yield from self._cache_samples()
        yield from self._store_samples()
        yield from self._password_samples()

    def _loop_samples(self) -> Iterable[Sample]:
        yield from distribution_samples("tenfold_loop_delay_seconds", self._pulse.delays)
        yield Sample("tenfold_loop_beat_seconds", BEAT_S)
        yield from _tally_samples("tenfold_gc", self._pulse.pauses)

    def _lane_samples(self) -> Iterable[Sample]:
        lane = self._lane
        if lane is None:
            return
        for name, figures in (("instant", lane.instant), ("fast", lane.fast)):
            for family, count in (("view", figures.views), ("list", figures.lists)):
                labels = (("family", family), ("lane", name))
                yield Sample("tenfold_requests_total", count, labels)

    def _cache_samples(self) -> Iterable[Sample]:
        lane = self._lane
        if lane is not None:
            views = lane.instant.views + lane.fast.views
            fills = lane.instant.fills + lane.fast.fills
            yield Sample("tenfold_cache_misses_total", fills, (("cache", "records"),))
            hits = max(0, views - fills)
            yield Sample("tenfold_cache_hits_total", hits, (("cache", "records"),))
            lists = lane.instant.lists + lane.fast.lists
            yield Sample("tenfold_cache_hits_total", lists, (("cache", "lists"),))
        for name, cache in (("records", self._answers.records), ("lists", self._answers.lists)):
            labels = (("cache", name),)
            yield Sample("tenfold_cache_evictions_total", cache.evicted, labels)
            yield Sample("tenfold_cache_entries", len(cache), labels)
            yield Sample("tenfold_cache_bytes", cache.size_bytes, labels)
            yield Sample("tenfold_cache_limit_bytes", cache.limit_bytes, labels)

    def _store_samples(self) -> Iterable[Sample]:
        figures = self._store.figures
        writer = figures.writer
        yield from distribution_samples("tenfold_commit_group_size", writer.groups)
        yield from distribution_samples("tenfold_commit_seconds", writer.commits)
        yield from _tally_samples("tenfold_write_turn_wait", writer.turns)
        yield from _tally_samples("tenfold_write_work", writer.works)
        yield Sample("tenfold_writes_waiting", self._store.waiting_writes)
        yield from _tally_samples("tenfold_slow_read", figures.slow_reads)
        yield from _tally_samples("tenfold_read_given_up", figures.given_up)
        digests = figures.digests.by_text.values()
        yield Sample("tenfold_statements_total", sum(d.count for d in digests))
        yield Sample("tenfold_statement_seconds_total", sum(d.total_s for d in digests))
        yield Sample("tenfold_changes_total", self._changed.total)

    def _password_samples(self) -> Iterable[Sample]:
        passwords = self._passwords
        yield from _tally_samples("tenfold_password_wait", passwords.waits)
        yield from _tally_samples("tenfold_password_run", passwords.runs)
        yield Sample("tenfold_password_queue", passwords.queue_count)
        yield Sample("tenfold_password_refused_total", passwords.refused_count)
        yield Sample("tenfold_password_threads", passwords.threads)


def _tally_samples(name: str, tally: Tally) -> Iterable[Sample]:
    yield Sample(f"{name}_total", tally.count)
    yield Sample(f"{name}_seconds_total", tally.total_s)


def _threads() -> dict[str, str]:
    """What the threads of this process are for, by the number the system gives them."""
    named = {
        str(thread.native_id): thread.name.rpartition("_")[0] or thread.name
        for thread in threading.enumerate()
        if thread.native_id is not None and not thread.name.startswith("Dummy")
    }
    main = threading.main_thread()
    # After a fork Python still has the number from before; the system's is that of the process.
    named.pop(str(main.native_id), None)
    return {**named, str(os.getpid()): main.name}
