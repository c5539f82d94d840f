"""The commands around advice, from the command line: what they print and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenfold.cli.program import run
from tenfold.measure import write_json
from tenfold.measure.plan_machine import save_figures
from tests.unit.measure.measured import full, machine, profiled, threads
from tests.unit.measure.test_plan import FIGURES


@pytest.fixture
def strained(tmp_path: Path) -> str:
    """What `tenfold profile --json` wrote of a server with one full worker."""
    busy = threads(MainThread=0.6, io=0.4)
    path = tmp_path / "profile.json"
    write_json(path, profiled(full(), machine_=machine(server_cores=1.0), threads_=busy))
    return str(path)


def test_advice_on_a_profile(
    capsys: pytest.CaptureFixture[str], strained: str, tmp_path: Path
) -> None:
    beside = tmp_path / "advice.json"
    assert run(["advise", "--profile", strained, "--json", str(beside)]) == 0
    shown = capsys.readouterr().out
    assert "the workers are busy while cores are free (few_workers)" in shown
    assert "Start 2 workers instead of 1" in shown and "confidence medium" in shown
    written = json.loads(beside.read_text())
    assert written["advice"]["bottleneck"]["name"] == "few_workers"


@pytest.fixture
def figures(tmp_path: Path) -> str:
    path = tmp_path / "machine.json"
    save_figures(path, FIGURES)
    return str(path)


def test_a_plan(capsys: pytest.CaptureFixture[str], figures: str, tmp_path: Path) -> None:
    beside = tmp_path / "plan.json"
    load = ["--users", "5K", "--reads", "200/s", "--writes", "2/s", "--peak", "4"]
    assert run(["plan", *load, "--figures", figures, "--json", str(beside)]) == 0
    shown = capsys.readouterr().out
    assert "800/s x 70 µs / 0.6 busy" in shown
    assert "The first stage that carries it: single" in shown
    assert "A day with autoscaling" in shown and "server hours instead of" in shown
    assert json.loads(beside.read_text())["plan"]["stages"][0]["name"] == "single"


def test_the_price_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--show-prices"]) == 0
    assert "[assume]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("plan --figures none.json", "tenfold plan --measure"),
        ("plan --figures {figures} --reads many", "is no rate"),
        ("plan --figures {figures} --peak 0.5", "--peak lies between"),
        ("plan --figures {figures} --prices none.toml", "can't be read"),
        ("loop", "nobody can be asked here"),
        ("advise --profile none.json", "none.json"),
        ("report http://127.0.0.1:9 --superuser a@example.com:b", "nothing answers"),
        ("profile http://127.0.0.1:9 --superuser a@example.com:b", "nothing answers"),
        ("advise http://127.0.0.1:9", "a superuser is needed"),
    ],
)
def test_what_is_refused_says_what_to_do(
    capsys: pytest.CaptureFixture[str], figures: str, command: str, told: str
) -> None:
    assert run(command.format(figures=figures).split()) in (1, 2)
    assert told in capsys.readouterr().err


def test_advice_on_something_else_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}")
    assert run(["advise", "--profile", str(path)]) == 1
    assert "is no ProfiledRun" in capsys.readouterr().err


def test_a_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The whole way, on a fresh server."""
    page = tmp_path / "report.html"
    flags = ["--rate", "100", "--seconds", "3", "--records", "100", "--workers", "1"]
    flags += ["--output", str(page), "--history", str(tmp_path / "none.json")]
    assert run(["report", *flags]) == 0
    assert "what breaks first" in capsys.readouterr().out
    assert "<svg" in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["calm"]["run"]["planned"] == 300
