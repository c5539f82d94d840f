"""Break the parts of the stage `split` under load; then look what is there.

    python -m tests.drills.faults

No write that was acknowledged may be lost, no answer wrong; what can't be served is a 503 that says
when to come again; all of it is well again without a hand.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from tests.drills.kill import NOTES, SETTINGS
from tests.drills.move import running_all
from tests.drills.writers import RECORDS, Writer
from tests.fleet.stage import Stage, running

PULSE = f"{RECORDS}/pulse0000000000"
LOAD_S = 1.5
CUT_S = 5.0
PAGE = 500
NFT_TABLE = "tenfold_drill"


@dataclass
class Fault:
    """One fault, and what came of it."""

    name: str
    acknowledged: int = 0
    refused: int = 0
    in_doubt: int = 0
    lost: int = 0
    stale: int = 0
    outage_s: float = 0.0
    """The longest time without a write that was acknowledged."""

    faults: list[str] = field(default_factory=list[str])

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost or wrong."""
        return not (self.lost or self.stale or self.faults)


class Pulse:
    """Writes one record on and on, reads it back, and measures the longest silence."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.written = self.sent = self.stale = 0
        self.outage_s = 0.0
        self.faults: list[str] = []

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        last_at = time.monotonic()
        while not stop.is_set():
            try:
                is_done = self._step()
            except httpx.TransportError:
                is_done = False
            now = time.monotonic()
            if is_done:
                self.outage_s = max(self.outage_s, now - last_at)
                last_at = now
            else:
                time.sleep(0.02)

    def _step(self) -> bool:
        self.sent += 1
        body = {"rank": self.sent, "title": f"number {self.sent}"}
        answer = httpx.patch(f"{self._url}{PULSE}", json=body, timeout=20)
        if answer.status_code != 200:
            self._check_refusal(answer)
            return False
        self.written = self.sent
        seen = httpx.get(f"{self._url}{PULSE}", timeout=20)
        if seen.status_code != 200:
            self._check_refusal(seen)
        elif seen.json()["rank"] != self.written:
            self.stale += 1
        return True

    def _check_refusal(self, answer: httpx.Response) -> None:
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            self.faults.append(f"{answer.status_code} {answer.text[:200]}")


class Scene:
    """A stage with writers."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with stage.client() as client:
            client.post("/api/collections", json=NOTES).raise_for_status()
            client.patch("/api/settings", json=SETTINGS).raise_for_status()
            first = {"id": PULSE.rpartition("/")[2], "rank": 0, "title": "number 0"}
            client.post(RECORDS, json=first).raise_for_status()
        self._crews = 0

    def hurt(self, name: str, harm: Callable[[], None]) -> Fault:
        """Do some harm while new writers write; what they say of it."""
        found, pulse = Fault(name), Pulse(self.stage.url)
        self._crews += 1
        tens, ones = divmod(self._crews, 10)
        # Three characters, before the twelve of a record's number.
        names = [f"{chr(ord('a') + tens)}{ones}{n}" for n in range(4)]
        crew = [Writer(name, self.stage.url) for name in names]
        with running_all([*crew, pulse]):
            time.sleep(LOAD_S)
            harm()
            self.stage.wait_until(lambda: self.stage.status()["isWell"])
            time.sleep(LOAD_S)
        found.acknowledged = sum(len(w.acknowledged) for w in crew) + pulse.written
        found.refused = sum(w.refused for w in crew)
        found.stale, found.outage_s = pulse.stale, pulse.outage_s
        found.faults += pulse.faults[:3] + [f for w in crew for f in w.faults[:3]]
        rows = self._rows()
        for writer in crew:
            doubtful = {step.record_id for step in writer.in_doubt}
            found.in_doubt += len(doubtful)
            found.lost += _lost(rows, writer, doubtful)
            found.lost += self._files_missing(rows, writer, doubtful)
        return found

    def kill_worker(self) -> None:
        """SIGKILL for one worker process of the service."""
        service = psutil.Process(self.stage.part("app-1")["pid"])
        workers = [c for c in service.children(recursive=True) if c.children() == []]
        workers[0].send_signal(signal.SIGKILL)

    def kill(self, part: str) -> None:
        """SIGKILL for a part, and wait until it is back."""
        self.stage.wait_until_back(part, self.stage.kill(part))

    def freeze(self, part: str) -> None:
        """Stop a part in its tracks for some seconds."""
        pid: int = self.stage.part(part)["pid"]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(CUT_S)
        os.kill(pid, signal.SIGCONT)

    def cut(self, role: str) -> None:
        """Let no packet to a part through for some seconds."""
        endpoint = self.stage.node(role).endpoint
        rules = (
            f"table inet {NFT_TABLE} {{\nchain input {{\ntype filter hook input priority 0;\n"
            f"ip daddr {endpoint.address} tcp dport {endpoint.port} drop\n}}\n}}\n"
        )
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        try:
            time.sleep(CUT_S)
        finally:
            subprocess.run(["nft", "delete", "table", "inet", NFT_TABLE], check=True)

    def _rows(self) -> dict[str, dict[str, object]]:
        rows: dict[str, dict[str, object]] = {}
        with self.stage.client() as client:
            for page in range(1, 1_000):
                asked = {"page": page, "perPage": PAGE, "skipTotal": 1, "sort": "id"}
                items = client.get(RECORDS, params=asked).raise_for_status().json()["items"]
                rows.update({item["id"]: item for item in items})
                if len(items) < PAGE:
                    break
        return rows

    def _files_missing(
        self, rows: dict[str, dict[str, object]], writer: Writer, doubtful: set[str]
    ) -> int:
        missing = 0
        with self.stage.client() as client:
            for step in writer.living:
                if not step.content or step.record_id in doubtful or step.record_id not in rows:
                    continue
                names = rows[step.record_id]["docs"]
                assert isinstance(names, list)
                answer = client.get(f"/api/files/notes/{step.record_id}/{names[0]}")
                missing += answer.status_code != 200 or answer.text != step.content
        return missing


def _lost(rows: dict[str, dict[str, object]], writer: Writer, doubtful: set[str]) -> int:
    mine = {key: row for key, row in rows.items() if key.startswith(writer.name)}
    known = {step.record_id: step.number for step in writer.living}
    wrong = (known.keys() ^ mine.keys()) - doubtful
    both = (known.keys() & mine.keys()) - doubtful
    return len(wrong) + sum(mine[i]["rank"] != known[i] for i in both)


def drill(folder: Path, rounds: int) -> list[Fault]:
    """Every fault, some times each."""
    found: list[Fault] = []
    with running(folder / "fleet") as stage:
        scene = Scene(stage)
        harms: dict[str, Callable[[], None]] = {
            "kill the database": lambda: scene.kill("database-1"),
            "kill the object store": lambda: scene.kill("objects-1"),
            "kill a worker": scene.kill_worker,
            f"cut the database off for {CUT_S:g} s": lambda: scene.cut("database"),
            f"freeze the database for {CUT_S:g} s": lambda: scene.freeze("database-1"),
            f"cut the object store off for {CUT_S:g} s": lambda: scene.cut("objects"),
        }
        for name, harm in harms.items():
            found += [scene.hurt(name, harm) for _ in range(rounds)]
    return found


def show(all_faults: Sequence[Fault]) -> None:
    """Print the table of all faults."""
    table = Table(title="faults of the stage split, under load")
    for title in ("fault", "acknowledged", "refused (503)", "in doubt", "lost", "stale"):
        table.add_column(title, justify="left" if title == "fault" else "right")
    table.add_column("longest outage s", justify="right")
    for one in all_faults:
        counts = (one.acknowledged, one.refused, one.in_doubt, one.lost, one.stale)
        table.add_row(one.name, *map(str, counts), f"{one.outage_s:.1f}")
    console = Console(width=140)
    console.print(table)
    for one in all_faults:
        for fault in one.faults[:3]:
            console.print(f"  {one.name}: {fault[:300]}", markup=False)


def main() -> int:
    """The drill from the command line; 1 when something was lost or wrong."""
    parser = argparse.ArgumentParser(description="Break the parts of the stage split.")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenfold-faults-") as folder:
        found = drill(Path(folder), chosen.rounds)
    show(found)
    return 0 if all(one.is_clean for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
