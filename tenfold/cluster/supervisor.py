"""Keep a fleet running: observe, decide, act, a few times a second, until told to stop.

Nothing of a part's life depends on this process: one that was killed leaves the parts running,
and the next finds them by their records and goes on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from tenfold.cluster import act, decide, processes
from tenfold.cluster.decide import Past, Seen, Start, Step
from tenfold.cluster.folder import FleetFolder
from tenfold.cluster.observe import Observed, Wanted, described, identity, problem, running, wanted
from tenfold.cluster.processes import Running
from tenfold.cluster.topology import Topology
from tenfold.durable import replace_private
from tenfold.engines import Unhealthy
from tenfold.errors import OperatorError, TenfoldError

TURN_S = 0.1
FAILED_TURN_S = 1.0
PROBE_EVERY_S = 2.0
RENDER_EVERY_S = 5.0
LOCK, RECORD, REPORT = "lock", "up", "report.json"
NOT_YET = "starts"
FLEET_LOG = "fleet"


class PartReport(msgspec.Struct, frozen=True):
    """What the supervisor alone knows of a part."""

    starts: int = 0
    failures: int = 0
    is_well: bool = False
    problem: str = ""


class Report(msgspec.Struct, frozen=True):
    """What the supervisor tells others, in `run/report.json`."""

    parts: dict[str, PartReport]

    @property
    def is_well(self) -> bool:
        return bool(self.parts) and all(part.is_well for part in self.parts.values())


@dataclass(slots=True)
class _Watch:
    """What is remembered of a part from turn to turn."""

    wanted: Wanted
    past: Past = field(default_factory=Past)
    running: Running | None = None
    problem: str = NOT_YET
    is_settled: bool = False
    probe: asyncio.Task[None] | None = None
    probed_at: float = 0.0

    @property
    def name(self) -> str:
        return self.wanted.part.name

    @property
    def seen(self) -> Seen:
        found = self.running
        return Seen(
            name=self.name,
            needs=self.wanted.needs,
            limits=self.wanted.engine.limits,
            is_running=found is not None,
            is_current=found is not None and found.digest == self.wanted.digest,
            problem=self.problem,
        )


class Supervisor:
    """Runs the fleet of one folder; `tell` hears each sentence about what was done."""

    def __init__(
        self, folder: FleetFolder, topology: Topology, tell: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._topology = topology
        self._tell = tell
        self._watches = {one.part.name: _Watch(one) for one in wanted(folder, topology)}
        self._rendered_at = time.monotonic()
        self._reported: Report | None = None
        self._stopping = asyncio.Event()

    @property
    def report(self) -> Report:
        """How the parts are."""
        return Report({name: _reported(watch) for name, watch in self._watches.items()})

    def observed(self) -> list[Observed]:
        """The parts as the last turn has seen them."""
        return [
            described(self._folder, self._topology, one.wanted.part, one.running, one.problem)
            for one in self._watches.values()
        ]

    def ask_stop(self) -> None:
        """Have `run` stop all parts and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Keep all parts running until `ask_stop`, then end them in reverse order."""
        try:
            while not self._stopping.is_set():
                await self._guarded_turn()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), TURN_S)
        finally:
            await self._end_probes()
            await stop_all(self._folder, self._topology, self._say)
            self._write_report()

    async def _guarded_turn(self) -> None:
        """A turn; whatever goes wrong in it (a full disk, say) must not end the watch."""
        try:
            await self._turn()
        except Exception as error:
            with suppress(OSError):
                self._say(f"a turn failed: {type(error).__name__}: {error}")
            await asyncio.sleep(FAILED_TURN_S)

    async def _turn(self) -> None:
        processes.reap()
        now = time.monotonic()
        if now - self._rendered_at >= RENDER_EVERY_S:
            self._render_again(now)
        for watch in self._watches.values():
            self._look(watch, now)
            watch.past = decide.remember(watch.past, watch.seen, now)
        seen = [watch.seen for watch in self._watches.values()]
        pasts = {name: watch.past for name, watch in self._watches.items()}
        await asyncio.gather(*(self._act(step) for step in decide.decide(seen, pasts, now)))
        self._write_report()

    def _look(self, watch: _Watch, now: float) -> None:
        before, watch.running = watch.running, running(self._folder, watch.name)
        if watch.running is None:
            if before is not None:
                self._mourn(watch, before)
            return
        if before is None or before.process != watch.running.process:
            watch.is_settled, watch.problem = False, NOT_YET
            if watch.past.starts == 0:
                self._say(f"{watch.name} runs already as process {watch.running.process.pid}")
        is_due = bool(watch.problem) or now - watch.probed_at >= PROBE_EVERY_S
        if is_due and (watch.probe is None or watch.probe.done()):
            watch.probed_at = now
            watch.probe = asyncio.create_task(self._probe(watch, watch.running))

    def _mourn(self, watch: _Watch, before: Running) -> None:
        how = processes.ending(before.process.pid) or "gone"
        last = "" if how.endswith("signal 9") else act.last_words(self._folder, watch.name)
        watch.problem = f"{how}: {last}" if last else how
        self._say(f"{watch.name} {watch.problem}")

    async def _probe(self, watch: _Watch, probed: Running) -> None:
        found = await self._found(watch)
        # A probe that hangs outlives what it asked; its answer is about nobody then.
        if watch.running is None or watch.running.process != probed.process:
            return
        before, watch.problem = watch.problem, found
        if before and not found:
            self._say(f"{watch.name} is well")
        elif found and not before:
            self._say(f"{watch.name} is unwell: {found}")

    async def _found(self, watch: _Watch) -> str:
        engine, node = watch.wanted.engine, watch.wanted.node
        if not watch.is_settled:
            try:
                await engine.settle(node)
            except Unhealthy as error:
                return str(error)
            watch.is_settled = True
        return await problem(engine, node)

    async def _end_probes(self) -> None:
        tasks = [watch.probe for watch in self._watches.values() if watch.probe is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _render_again(self, now: float) -> None:
        """Notice certificates, secrets and settings that have changed meanwhile."""
        self._rendered_at = now
        for one in wanted(self._folder, self._topology):
            self._watches[one.part.name].wanted = one
            act.bound_log(self._folder, one.part.name)

    async def _act(self, step: Step) -> None:
        watch = self._watches[step.part]
        try:
            if isinstance(step, Start):
                watch.past = decide.started(watch.past, time.monotonic())
                self._say(await act.start(self._folder, watch.wanted))
            else:
                self._say(f"{step.part} is stopped: {step.why}")
                await act.stop(self._folder, watch.wanted, is_hung=step.is_hung)
                watch.past = decide.stopped(watch.past)
                watch.running = None
        except (TenfoldError, OSError) as error:
            # One part that can't start must not take the watch off the others.
            watch.problem = str(error).partition("\n")[0]
            self._say(f"{step.part}: {watch.problem}")

    def _say(self, sentence: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._folder.log(FLEET_LOG).open("a") as file:
            file.write(f"{now} {sentence}\n")
        self._tell(sentence)

    def _write_report(self) -> None:
        report = self.report
        if report != self._reported:
            replace_private(self._folder.run / REPORT, msgspec.json.encode(report))
            self._reported = report


class Hold:
    """The right to run the fleet of a folder; it ends with the process."""

    def __init__(self, folder: FleetFolder) -> None:
        """Raises: OperatorError when another process has it."""
        self._descriptor = os.open(folder.run / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise OperatorError(
                f"the fleet in {folder.path} is up already",
                hint=f"tenfold status --dir {folder.path}, tenfold down --dir {folder.path}",
            ) from None
        (folder.run / REPORT).unlink(missing_ok=True)
        replace_private(folder.run / RECORD, processes.myself().encode())

    def release(self) -> None:
        os.close(self._descriptor)


def supervising(folder: FleetFolder) -> processes.Process | None:
    """The process that runs the fleet, if one does."""
    found = processes.read_record(folder.run / RECORD)
    return found if found is not None and found.is_alive else None


def read_report(folder: FleetFolder) -> Report:
    """What the supervisor has told last; empty when it never did."""
    try:
        return msgspec.json.decode((folder.run / REPORT).read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return Report({})


async def stop_all(
    folder: FleetFolder, topology: Topology, tell: Callable[[str], None]
) -> list[str]:
    """End every part that runs, the last started first; the names of those that ran."""
    ended: list[str] = []
    for one in reversed(wanted(folder, topology)):
        if processes.members(folder.run / one.part.name, identity(folder, one.part.name)):
            tell(await act.stop(folder, one))
            ended.append(one.part.name)
    return ended


def _reported(watch: _Watch) -> PartReport:
    return PartReport(
        starts=watch.past.starts,
        failures=watch.past.failures,
        is_well=watch.seen.is_well,
        problem=watch.problem,
    )
