"""`tenfold grow` without a move: what it refuses, what it tells. The moves are in tests/drills."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.cli.program import run
from tenfold.moves import Place, advance
from tenfold.moves.state import begin
from tenfold.settings import SQLITE

HERE = Place(SQLITE, "")
THERE = Place("mysql://me:hidden@127.0.0.1:1/tenfold?tls=off", "")


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "data"
    assert run(["migrate", "--dir", str(path)]) == 0
    capsys.readouterr()
    return path


def grown(folder: Path, *arguments: str) -> int:
    return run(["grow", *arguments, "--dir", str(folder)])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("split",), "Say where to"),
        (("split", "--store", "sqlite"), "there already"),
        (("single",), "there already"),
        (("--undo",), "no move to undo"),
        (("--cancel",), "No move was begun"),
        (("--finish",), "No move was begun"),
        (("split", "--undo"), "one thing"),
        (("--finish", "--cancel"), "one thing"),
        (("split", "--store", THERE.store), "does not answer"),
    ],
)
def test_what_can_not_be(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert grown(folder, *arguments) == 1
    captured = capsys.readouterr()
    assert told in " ".join(captured.err.split())
    assert "hidden" not in captured.err + captured.out


def test_a_folder_without_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grown(tmp_path / "none", "single") == 1
    assert "holds no data" in " ".join(capsys.readouterr().err.split())


def test_a_move_is_told_of_and_given_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grown(folder) == 0
    assert "store sqlite" in capsys.readouterr().out
    begin(folder, HERE, THERE)
    assert grown(folder) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "mysql://127.0.0.1:1/tenfold" in told and "was begun" in told
    assert "hidden" not in told
    assert grown(folder, "--finish") == 1
    assert grown(folder, "--cancel") == 0
    assert grown(folder, "--undo") == 1
    assert "no move to undo" in " ".join(capsys.readouterr().err.split())


def test_finished_is_not_undone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    move = begin(folder, THERE, HERE)
    advance(folder, move, "switched")
    assert grown(folder) == 0
    assert "Kept current, too" in capsys.readouterr().out
    assert grown(folder, "--cancel") == 1
    assert grown(folder, "--finish") == 0
    assert grown(folder, "--undo") == 1
    assert grown(folder) == 0
    assert "store sqlite" in capsys.readouterr().out
