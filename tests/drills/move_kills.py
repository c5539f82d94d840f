"""Kill the mover, the service and the database in each phase of a move; then look what is there.

    python -m tests.drills.move_kills

Whatever is killed, the data is in one place, whole; given again, the command finishes the move.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tenfold.moves import MOVED, Phase, read
from tests.drills.kill import NOTES, SETTINGS
from tests.drills.move import MOVE_LIMIT_S, STILL, Prober, fill, lost, running_all
from tests.drills.writers import Writer
from tests.engines.mariadb import MariaDB, running
from tests.planted import plant
from tests.targets import Tenfold

LOOK_S = 0.0005
PHASE_LIMIT_S = 120.0
LEAVE_S = 2.0
"""After the death of a mover that held writes they go on within this time."""


@dataclass
class Kill:
    """One kill, and what came of it."""

    victim: str
    phase: Phase
    was_moved: bool = False
    """Whether the data was in the new place before the command was given again."""

    acknowledged: int = 0
    failed: int = 0
    stale: int = 0
    lost: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list[str])

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost or wrong."""
        return not (self.failed or self.stale or self.lost or self.faults)


class Scene:
    """A service with data, a database to move to, and writers."""

    def __init__(self, folder: Path, database: MariaDB, records: int) -> None:
        self.database = database
        self.server = Tenfold(folder / "data", workers=2)
        plant(self.server.dir, [NOTES, STILL], SETTINGS)
        fill(self.server.dir, records)
        self.target = database.url(database.new_database())
        self.crew = [Writer(f"w{number:02d}", self.server.url) for number in range(3)]

    def mover(self) -> subprocess.Popen[str]:
        """A move to the side where the data is not, or the one that was begun."""
        move = read(self.server.dir)
        way = ["--undo"] if move is not None and move.phase in MOVED else self._onward()
        command = [self.server.program(), "grow", *way, "--dir", str(self.server.dir)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def _onward(self) -> list[str]:
        move = read(self.server.dir)
        if move is not None and move.target.store == "sqlite":
            return ["single"]
        return ["split", "--store", self.target]

    def wait_for(self, phase: Phase, mover: subprocess.Popen[str], after: int) -> None:
        """Return as soon as a phase with a number above `after` is reached."""
        deadline = time.monotonic() + PHASE_LIMIT_S
        while time.monotonic() < deadline and mover.poll() is None:
            move = read(self.server.dir)
            if move is not None and move.number > after and move.phase == phase:
                return
            time.sleep(LOOK_S)

    def kill_at(
        self, victim: str, phase: Phase, end: Callable[[subprocess.Popen[str]], None]
    ) -> Kill:
        """Begin a move, kill in a phase, give the command again, look."""
        found = Kill(victim, phase)
        before = read(self.server.dir)
        # Requests to a service that is killed are in doubt; then nobody writes.
        is_loaded = victim == "mover"
        prober = Prober(self.server.url)
        with running_all([*self.crew, prober]) if is_loaded else nullcontext():
            mover = self.mover()
            self.wait_for(phase, mover, before.number if before else 0)
            end(mover)
            mover.communicate(timeout=MOVE_LIMIT_S)
            time.sleep(LEAVE_S if phase == "holding" else 0.3)
            move = read(self.server.dir)
            found.was_moved = move is not None and move.phase in MOVED
            if not found.was_moved:
                again = self.mover()
                said, _ = again.communicate(timeout=MOVE_LIMIT_S)
                if again.returncode != 0:
                    found.faults.append(said[-1_500:])
        self._look(found, prober, is_loaded=is_loaded)
        return found

    def _look(self, found: Kill, prober: Prober, *, is_loaded: bool) -> None:
        if is_loaded:
            found.acknowledged = sum(len(w.acknowledged) for w in self.crew) + prober.written
            refused = sum(w.refused + len(w.faults) + bool(w.in_doubt) for w in self.crew)
            found.failed, found.stale = refused + prober.failed, prober.stale
            found.slowest_s = prober.slowest_s
            found.faults += [fault for writer in self.crew for fault in writer.faults[:2]]
        found.lost = lost(self.server, self.crew)
        for writer in self.crew:
            writer.begin_round(writer.living)
            writer.faults.clear()
            writer.refused = 0

    def kill_mover(self, mover: subprocess.Popen[str]) -> None:
        mover.send_signal(signal.SIGKILL)

    def kill_service(self, mover: subprocess.Popen[str]) -> None:
        """End all of its processes, and start it again at once."""
        del mover
        self.server.kill()
        self.server.start()

    def kill_database(self, mover: subprocess.Popen[str]) -> None:
        """End it, and start it again a little later."""
        del mover
        self.database.kill()
        threading.Timer(0.5, self.database.start).start()
        time.sleep(1.5)


def drill(folder: Path, records: int = 4_000, phases: Sequence[Phase] = ()) -> list[Kill]:
    """Every victim in every phase that it can meet."""
    chosen = phases or ("copying", "ready", "holding", "switched")
    with running(folder / "mariadb") as database:
        scene = Scene(folder, database, records)
        with scene.server:
            found = [scene.kill_at("mover", phase, scene.kill_mover) for phase in chosen]
            found += [scene.kill_at("service", phase, scene.kill_service) for phase in chosen]
            found.append(scene.kill_at("database", "copying", scene.kill_database))
    return found


def show(kills: Sequence[Kill]) -> None:
    """Print the table of all kills."""
    table = Table(title="SIGKILL during a move")
    for title in ("killed", "phase", "then in the new place", "acknowledged", "failed", "stale"):
        table.add_column(title, justify="right")
    table.add_column("lost", justify="right")
    table.add_column("slowest write s", justify="right")
    for one in kills:
        counts = map(str, (one.acknowledged, one.failed, one.stale, one.lost))
        moved = "yes" if one.was_moved else "no"
        table.add_row(one.victim, one.phase, moved, *counts, f"{one.slowest_s:.2f}")
    console = Console(width=140)
    console.print(table)
    for one in kills:
        for fault in one.faults[:3]:
            console.print(f"  {one.victim}, {one.phase}: {fault[-600:]}", markup=False)


def main() -> int:
    """The drill from the command line; 1 when something was lost or wrong."""
    with tempfile.TemporaryDirectory(prefix="tenfold-kills-") as folder:
        found = drill(Path(folder))
    show(found)
    return 0 if all(one.is_clean for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
