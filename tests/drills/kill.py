"""Kill the service (SIGKILL, all its processes) while many write; then look what is there.

    python -m tests.drills.kill --rounds 20

Every acknowledged write must be there, every other one wholly or not at all; the change log
must hold one row per write, in order; every file that a row names must be there with its
content, and no file stays that no row names.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from tenfold.blobs.disk import DiskBlobs
from tenfold.files.sweep import sweep
from tenfold.schema.record import Record
from tenfold.store.contract import Change
from tenfold.store.select import Query
from tenfold.store.sqlite import SqliteStore
from tests.drills.writers import Step, Writer
from tests.planted import open_collection, plant
from tests.targets import Tenfold

NOTES = open_collection(
    "notes",
    {"name": "title", "type": "text"},
    {"name": "rank", "type": "number"},
    {"name": "docs", "type": "file", "maxSelect": 2},
)
SETTINGS = {"batch": {"enabled": True, "maxRequests": 10, "timeout": 10}}
READ_AT_ONCE = 1_000
LONGEST_ROUND_S = 30.0


@dataclass
class Findings:
    """What was found after one kill."""

    acknowledged: int = 0
    in_doubt: int = 0
    in_doubt_kept: int = 0
    lost: int = 0
    half_done: int = 0
    files: int = 0
    files_missing: int = 0
    orphans: int = 0
    restart_s: float = 0.0
    faults: list[str] = field(default_factory=list[str])

    @property
    def is_clean(self) -> bool:
        """Whether the service kept its word."""
        return not (self.lost or self.half_done or self.files_missing or self.faults)


@dataclass(frozen=True)
class Held:
    """What the data folder holds: the new part of the change log, and all rows by id."""

    changes: list[Change]
    rows: dict[str, Record]


def drill(folder: Path, rounds: int, *, writers: int = 8, seed: int = 1) -> list[Findings]:
    """Run the rounds on one data folder; the findings of each."""
    chance = random.Random(seed)
    server = Tenfold(folder / "data", workers=2)
    plant(server.dir, [NOTES], SETTINGS)
    crew = [Writer(f"w{number:02d}", server.url) for number in range(writers)]
    seen_seq = asyncio.run(_last_seq(server.dir))
    all_findings: list[Findings] = []
    server.start()
    try:
        for _ in range(rounds):
            _write_until_killed(server, crew, chance.randint(40, 400))
            stored = _stored_count(server.dir)
            started_at = time.monotonic()
            server.start()
            findings = Findings(restart_s=time.monotonic() - started_at)
            seen_seq = _look(server, crew, seen_seq, findings)
            findings.orphans = stored - _stored_count(server.dir)
            all_findings.append(findings)
    finally:
        server.kill()
    return all_findings


def _write_until_killed(server: Tenfold, crew: Sequence[Writer], steps: int) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(stop,)) for writer in crew]
    for thread in threads:
        thread.start()
    ends_at = time.monotonic() + LONGEST_ROUND_S
    while sum(len(one.acknowledged) for one in crew) < steps and time.monotonic() < ends_at:
        time.sleep(0.005)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _look(server: Tenfold, crew: Sequence[Writer], seen_seq: int, findings: Findings) -> int:
    """Compare what is there with what the writers know; return the newest change's number."""
    held = asyncio.run(_held(server.dir, seen_seq))
    for writer in crew:
        _check_writer(writer, held, findings)
    seqs = [change.seq for change in held.changes]
    if seqs != list(range(seen_seq + 1, seen_seq + 1 + len(seqs))):
        findings.faults.append("the change log has gaps")
    asyncio.run(_sweep(server.dir))
    _check_files(server, crew, held, findings)
    for writer in crew:
        findings.faults += writer.faults
    return seqs[-1] if seqs else seen_seq


def _check_writer(writer: Writer, held: Held, findings: Findings) -> None:
    logged = [
        _logged(change) for change in held.changes if change.record_id.startswith(writer.name)
    ]
    known = [(step.action, step.record_id, step.number) for step in writer.acknowledged]
    doubtful = [(step.action, step.record_id, step.number) for step in writer.in_doubt]
    findings.acknowledged += len(known)
    findings.in_doubt += len(doubtful)
    rest = logged[len(known) :]
    if logged[: len(known)] != known:
        findings.lost += sum(step not in logged for step in known) or 1
    elif rest == doubtful:
        findings.in_doubt_kept += len(doubtful)
    elif rest:
        findings.half_done += 1
    kept = writer.in_doubt if rest else ()
    living = {step.record_id: step for step in writer.living}
    for step in kept:
        living[step.record_id] = step
    expected = {key: step for key, step in living.items() if step.action != "delete"}
    _check_rows(writer, expected, held, findings)
    writer.begin_round(list(expected.values()))


def _logged(change: Change) -> tuple[str, str, int]:
    if change.action == "delete":
        return (change.action, change.record_id, 0)
    return (change.action, change.record_id, int(json.loads(change.image)["rank"]))


def _check_rows(writer: Writer, expected: dict[str, Step], held: Held, findings: Findings) -> None:
    rows = {key: row for key, row in held.rows.items() if key.startswith(writer.name)}
    findings.lost += len(expected.keys() - rows.keys())
    findings.half_done += len(rows.keys() - expected.keys())
    for record_id in expected.keys() & rows.keys():
        row, number = rows[record_id], expected[record_id].number
        if row.values["title"] != f"number {int(row.values['rank'])}":
            findings.half_done += 1
        elif row.values["rank"] != number:
            findings.lost += 1


def _check_files(server: Tenfold, crew: Sequence[Writer], held: Held, findings: Findings) -> None:
    """Every file is there with the content that was sent, and no others are."""
    with httpx.Client(base_url=server.url, timeout=20) as client:
        for step in (step for writer in crew for step in writer.living):
            row = held.rows.get(step.record_id)
            names: list[str] = list(row.values["docs"]) if row else []
            if row is None or not (names or step.content):
                continue
            findings.files += 1
            answer = client.get(f"/api/files/notes/{step.record_id}/{names[0] if names else '-'}")
            if answer.status_code != 200 or answer.text != step.content:
                findings.files_missing += 1
    if _stored_count(server.dir) != findings.files:
        findings.faults.append(f"{_stored_count(server.dir)} files are stored")


async def _last_seq(folder: Path) -> int:
    store = SqliteStore(folder)
    await store.open()
    try:
        return await store.last_seq()
    finally:
        await store.close()


async def _held(folder: Path, after_seq: int) -> Held:
    store = SqliteStore(folder)
    await store.open()
    try:
        notes = store.catalog.by_name["notes"]
        changes: list[Change] = []
        while more := await store.changes(changes[-1].seq if changes else after_seq, READ_AT_ONCE):
            changes += more
        rows = await store.select(Query(notes, limit=1_000_000))
        return Held(changes, {row.id: row for row in rows})
    finally:
        await store.close()


async def _sweep(folder: Path) -> None:
    """Remove what no row names: the service does at its start, this waits for it, too."""
    store = SqliteStore(folder)
    await store.open()
    try:
        later = datetime.now(UTC) + timedelta(days=2)
        await sweep(store, DiskBlobs(folder / "storage"), now=lambda: later)
    finally:
        await store.close()


def _stored_count(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "storage").glob("*/*/*"))


def show(all_findings: Sequence[Findings]) -> None:
    """Print the table of all rounds."""
    table = Table(title="SIGKILL under load")
    columns = ("round", "acknowledged", "lost", "half-done", "in doubt", "of them kept")
    for title in (*columns, "files", "missing", "orphans swept", "restart s", "faults"):
        table.add_column(title, justify="right")
    for number, found in enumerate(all_findings, 1):
        figures = (found.acknowledged, found.lost, found.half_done, found.in_doubt)
        more = (found.in_doubt_kept, found.files, found.files_missing, found.orphans)
        table.add_row(
            *map(str, (number, *figures, *more)), f"{found.restart_s:.2f}", str(len(found.faults))
        )
    console = Console(width=140)
    console.print(table)
    total = sum(found.acknowledged for found in all_findings)
    lost = sum(found.lost for found in all_findings)
    console.print(f"{total} writes acknowledged in {len(all_findings)} rounds, {lost} lost")
    for found in all_findings:
        for fault in found.faults[:5]:
            console.print(f"  {fault}", markup=False)


def main() -> int:
    """The drill from the command line; 1 when the service did not keep its word."""
    parser = argparse.ArgumentParser(description="Kill the service under load.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenfold-drill-") as folder:
        found = drill(Path(folder), chosen.rounds, writers=chosen.writers, seed=chosen.seed)
    show(found)
    return 0 if all(one.is_clean for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
