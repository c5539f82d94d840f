"""Move the data there and back while many write and read; then look what is there.

    python -m tests.drills.move --records 1000000

No request may fail; what a writer was told must be seen by the next read of anybody; each record
and file must be in the new place as it was last acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx
from rich.console import Console
from rich.table import Table

from tenfold.databases import database_of
from tenfold.moves import placed
from tenfold.schema.record import Record
from tenfold.settings import load
from tenfold.store.contract import Store, Transaction
from tenfold.store.select import Query
from tests.drills.kill import NOTES, SETTINGS
from tests.drills.writers import RECORDS, Writer
from tests.engines.mariadb import running
from tests.planted import open_collection, plant
from tests.seaweed import ACCESS_KEY, SECRET, seaweed
from tests.targets import Tenfold

STILL = open_collection("still", {"name": "text", "type": "text"})
TEXT_BYTES = 850
FRESH_READERS = 3
MOVE_LIMIT_S = 1_800.0
PLANTED_AT_ONCE = 2_000
HELD = re.compile(r"writes were held for ([\d.]+) s; it took ([\d.]+) s")
ROWS = re.compile(r"([\d,]+) records of")


@dataclass
class Findings:
    """What one move did, and what was found after it."""

    name: str
    rows: int = 0
    took_s: float = 0.0
    held_s: float = 0.0
    acknowledged: int = 0
    failed: int = 0
    stale: int = 0
    lost: int = 0
    files: int = 0
    files_missing: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list[str])

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, wrong or refused, and writes were held a second at most."""
        wrong = self.failed or self.stale or self.lost or self.files_missing or self.faults
        return not wrong and self.held_s <= 1.0


class Runs(Protocol):
    """Something that goes on until it is told to stop."""

    def run(self, stop: threading.Event) -> None: ...


class Prober:
    """Writes one record and looks at it at once over other connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.written = self.stale = self.failed = 0
        self.slowest_s = 0.0

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        with httpx.Client(base_url=self._url, timeout=20) as client:
            body = {"id": "probe0000000000", "title": "number 0", "rank": 0}
            client.post(RECORDS, json=body)
            while not stop.is_set():
                self._step(client)

    def _step(self, client: httpx.Client) -> None:
        number = self.written + 1
        began_at = time.monotonic()
        body = {"rank": number, "title": f"number {number}"}
        answer = client.patch(f"{RECORDS}/probe0000000000", json=body)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began_at)
        if answer.status_code != 200:
            self.failed += 1
            return
        self.written = number
        for _ in range(FRESH_READERS):
            # A new connection each, so that any worker may be the one that answers.
            seen = httpx.get(f"{self._url}{RECORDS}/probe0000000000", timeout=20)
            if seen.status_code != 200:
                self.failed += 1
            elif seen.json()["rank"] != number:
                self.stale += 1


def drill(folder: Path, records: int, *, writers: int = 6) -> list[Findings]:
    """There, back by --undo, there again; the findings of each."""
    objects = folder / "objects"
    objects.mkdir()
    with running(folder / "mariadb") as database, seaweed(objects) as endpoint:
        secret = folder / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        blobs = (
            f"s3://{ACCESS_KEY}@{endpoint.removeprefix('http://')}/files"
            f"?region=us-east-1&secret_file={secret}&tls=off"
        )
        target = ["split", "--store", database.url(database.new_database()), "--blobs", blobs]
        server = Tenfold(folder / "data", workers=2)
        plant(server.dir, [NOTES, STILL], SETTINGS)
        fill(server.dir, records)
        with server:
            crew = [Writer(f"w{number:02d}", server.url) for number in range(writers)]
            return [
                _move(server, crew, "there", target),
                _move(server, crew, "back", ["--undo"]),
                _move(server, crew, "there again", ["--undo"]),
            ]


def _move(server: Tenfold, crew: Sequence[Writer], name: str, arguments: Sequence[str]) -> Findings:
    found = Findings(name)
    prober = Prober(server.url)
    with running_all([*crew, prober]):
        time.sleep(1.0)
        command = [server.program(), "grow", *arguments, "--dir", str(server.dir)]
        environment = {**os.environ, **server.environment(), "COLUMNS": "200"}
        moved = subprocess.run(
            command, capture_output=True, text=True, timeout=MOVE_LIMIT_S, env=environment
        )
        time.sleep(1.0)
    if moved.returncode != 0:
        found.faults.append((moved.stdout + moved.stderr)[-2_000:])
    if held := HELD.search(moved.stdout):
        found.held_s, found.took_s = float(held[1]), float(held[2])
    if rows := ROWS.search(moved.stdout):
        found.rows = int(rows[1].replace(",", ""))
    found.acknowledged = sum(len(w.acknowledged) for w in crew) + prober.written
    found.failed = sum(w.refused + len(w.faults) + bool(w.in_doubt) for w in crew) + prober.failed
    found.faults += [fault for writer in crew for fault in writer.faults[:3]]
    found.stale, found.slowest_s = prober.stale, prober.slowest_s
    _look(server, crew, found)
    for writer in crew:
        writer.begin_round(writer.living)
        writer.faults.clear()
        writer.refused = 0
    return found


@contextmanager
def running_all(crew: Sequence[Runs]) -> Generator[None]:
    """Writers at work for as long as the block runs."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in crew]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _look(server: Tenfold, crew: Sequence[Writer], found: Findings) -> None:
    """Compare what the writers know with what the new place holds."""
    rows = asyncio.run(_rows(server.dir, server.environment()))
    found.lost = _lost(rows, crew)
    with httpx.Client(base_url=server.url, timeout=20) as client:
        for step in (step for writer in crew for step in writer.living if step.content):
            row = rows.get(step.record_id)
            if row is None:
                continue
            found.files += 1
            answer = client.get(f"/api/files/notes/{step.record_id}/{row['docs'][0]}")
            found.files_missing += answer.status_code != 200 or answer.text != step.content


def lost(server: Tenfold, crew: Sequence[Writer]) -> int:
    """How many records are not as the service has acknowledged them last."""
    return _lost(asyncio.run(_rows(server.dir, server.environment())), crew)


def _lost(rows: Mapping[str, Record], crew: Sequence[Writer]) -> int:
    total = 0
    for writer in crew:
        mine = {key: row for key, row in rows.items() if key.startswith(writer.name)}
        known = {step.record_id: step.number for step in writer.living}
        total += len(known.keys() ^ mine.keys())
        total += sum(mine[i]["rank"] != known[i] for i in known.keys() & mine.keys())
    return total


async def _rows(folder: Path, environment: Mapping[str, str]) -> dict[str, Record]:
    store = database_of(placed(load({"dir": folder}, environ=environment))).store
    await store.open()
    try:
        notes = store.catalog.by_name["notes"]
        return {row.id: row for row in await store.select(Query(notes, limit=1_000_000))}
    finally:
        await store.close()


def fill(folder: Path, records: int) -> None:
    """Plant records that nobody touches; no server may run on the folder."""
    asyncio.run(_fill(folder, records))


async def _fill(folder: Path, records: int) -> None:
    store: Store = database_of(load({"dir": folder}, environ={})).store
    await store.open()
    still = store.catalog.by_name["still"]
    try:
        for start in range(0, records, PLANTED_AT_ONCE):

            async def work(tx: Transaction, start: int = start) -> None:
                for number in range(start, min(start + PLANTED_AT_ONCE, records)):
                    text = f"{number} ".ljust(TEXT_BYTES, "x")
                    await tx.insert(Record(still, {"id": f"s{number:014d}", "text": text}))

            await store.write(work)
    finally:
        await store.close()


def show(all_findings: Sequence[Findings]) -> None:
    """Print the table of all moves."""
    table = Table(title="moves under load")
    columns = ("move", "rows", "took s", "held s", "acknowledged", "failed", "stale", "lost")
    for title in (*columns, "files", "missing", "slowest write s"):
        table.add_column(title, justify="right")
    for found in all_findings:
        table.add_row(
            found.name,
            f"{found.rows:,}",
            f"{found.took_s:.0f}",
            f"{found.held_s:.2f}",
            *map(str, (found.acknowledged, found.failed, found.stale, found.lost)),
            *map(str, (found.files, found.files_missing)),
            f"{found.slowest_s:.2f}",
        )
    console = Console(width=140)
    console.print(table)
    for found in all_findings:
        for fault in found.faults[:5]:
            console.print(f"  {found.name}: {fault}", markup=False)


def main() -> int:
    """The drill from the command line; 1 when a move was not clean."""
    parser = argparse.ArgumentParser(description="Move the data under load, there and back.")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--writers", type=int, default=6)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenfold-move-") as folder:
        found = drill(Path(folder), chosen.records, writers=chosen.writers)
    show(found)
    return 0 if all(one.is_clean for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
