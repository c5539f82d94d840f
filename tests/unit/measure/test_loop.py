"""The loop: which steps it takes, when it ends, what it writes down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.errors import OperatorError
from tenfold.measure import Credentials, Target
from tenfold.measure.advise_values import Step
from tenfold.measure.loop import Growing, LoopReport, Turn, loop
from tenfold.measure.loop_history import Growth, add_to_history, read_history
from tenfold.measure.loop_push import Full
from tenfold.measure.loop_steps import can_take, take
from tenfold.measure.profile_run import ProfiledRun
from tests.unit.measure.measured import full, machine, profiled, threads

BUSY = threads(MainThread=0.6, io=0.4)


class Played(Growing):
    """A server whose rates and profiles are given; it notes the steps it was told to take."""

    def __init__(self, rates: list[float], found: ProfiledRun) -> None:
        self.target, self.workload = "played", "a play"
        self.taken: list[Step] = []
        self._rates = rates
        self._found = found

    @property
    def settings(self) -> dict[str, str]:
        return {}

    def fill(self, start_per_s: float) -> Full:
        return Full(self._rates[len(self.taken)], False, self._found)

    def can_take(self, step: Step) -> bool:
        return step.is_here

    def take(self, step: Step) -> None:
        self.taken.append(step)


def go(growing: Growing, *, agrees: bool = True) -> LoopReport:
    def agree(turn: Turn) -> bool:
        return agrees

    heard: list[Growth] = []
    report = loop(growing, 100, agree=agree, told=heard.append, tell=lambda doing: None)
    assert heard == report.growth
    return report


FULL_WORKER = profiled(full(), machine_=machine(server_cores=1.0), threads_=BUSY)


def test_it_goes_on_while_steps_pay() -> None:
    played = Played([1_000, 1_900, 2_000], FULL_WORKER)
    report = go(played)
    assert [step.kind for step in played.taken] == ["add_worker", "add_worker"]
    assert [grown.measured_ratio for grown in report.growth] == [1.9, 2_000 / 1_900]
    assert report.ended == "the last step brought x1.05 only"
    assert report.growth[0].off_ratio == pytest.approx(report.growth[0].predicted.ratio / 1.9 - 1)


def test_it_ends_where_a_step_is_declined() -> None:
    played = Played([1_000], FULL_WORKER)
    assert go(played, agrees=False).ended == "the step was declined"
    assert not played.taken


def test_it_ends_where_nothing_is_needed() -> None:
    assert go(Played([1_000], profiled())).ended == "nothing is needed"


def test_it_ends_where_a_step_can_not_be_taken() -> None:
    packed = machine(cores=2, cpu_ratio=0.98, server_cores=1.5, generator_cores=0.4, others_cores=0)
    report = go(Played([1_000], profiled(full(), machine_=packed, threads_=BUSY)))
    assert report.ended.startswith("the next step can't be taken from here: Move to a machine")


def test_history_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "growth.json"
    assert read_history(path) == []
    report = go(Played([1_000, 1_900, 2_000], FULL_WORKER))
    for grown in report.growth:
        add_to_history(path, grown)
    assert read_history(path) == report.growth


def test_a_history_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growth.json"
    path.write_text("{}")
    with pytest.raises(OperatorError):
        read_history(path)


INDEX = Step(
    "add_index",
    "Add an index.",
    {"collection": "users", "sql": "CREATE INDEX `idx_advised` ON `users` (`name`)"},
    is_here=True,
)
SETTING = Step("set", "Raise it.", {"setting": "password_threads", "value": "3"}, is_here=True)
WORKER = Step("add_worker", "Add one.", {"workers": "2"}, is_here=True)


def test_only_an_index_can_be_added_to_servers_of_others() -> None:
    assert can_take(INDEX, None) and not can_take(SETTING, None) and not can_take(WORKER, None)
    with pytest.raises(OperatorError, match="can't be taken"):
        take(SETTING, Target("x", None, Credentials("", "")), None)  # pyright: ignore[reportArgumentType]
