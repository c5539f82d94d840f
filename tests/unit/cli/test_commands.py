"""The command line: what it prints where, exit codes, and that errors say what to do."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tenfold.cli.program import run
from tests.targets import Tenfold, free_port

PASSWORD = "a-long-password"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert re.match(r"tenfold \d+\.\d+", capsys.readouterr().out)


@pytest.mark.parametrize(
    "command",
    ["", "serve", "superuser", "superuser upsert", "superuser otp", "import", "backup", "migrate"],
)
def test_help_teaches(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Usage: tenfold {command}".strip() in shown
    assert len(shown.splitlines()) > 8


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("nonsense", "Unknown command"),
        ("superuser create", "EMAIL"),
        ("superuser create a@example.com", "PASSWORD"),
        ("serve --wrong 1", "--wrong"),
        ("serve --http nowhere", "--http must be"),
        ("serve --workers many", "workers"),
        ("serve --config none.toml", "does not exist"),
    ],
)
def test_misuse(capsys: pytest.CaptureFixture[str], command: str, told: str) -> None:
    assert run(command.split()) == 2
    captured = capsys.readouterr()
    assert told in captured.err and "hint:" in captured.err
    assert not captured.out


def test_all_bad_settings_together(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tenfold.toml").write_text('wrkers = 2\nlog_format = "xml"\n')
    monkeypatch.setenv("TENFOLD_CACHE_BITES", "1")
    monkeypatch.setenv("TENFOLD_ENCRYPTION_KEY", "short and secret")
    assert run(["migrate", "--dir", str(tmp_path / "data")]) == 2
    told = capsys.readouterr().err
    assert "4 bad settings" in told
    assert "did you mean workers?" in told and "did you mean TENFOLD_CACHE_BYTES?" in told
    assert "text, json" in told and "short and secret" not in told


def test_superuser(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    def superuser(*arguments: str) -> int:
        return run(["superuser", *arguments, "--dir", folder])

    assert superuser("create", "a@example.com", PASSWORD) == 0
    assert superuser("create", "a@example.com", PASSWORD) == 1
    assert "email: Value must be unique." in capsys.readouterr().err
    assert superuser("create", "nobody", "short") == 1
    told = capsys.readouterr().err
    assert "email: Must be a valid email address." in told and "password: Must be" in told
    assert superuser("update", "a@example.com", f"{PASSWORD}2") == 0
    assert superuser("update", "b@example.com", PASSWORD) == 1
    assert superuser("delete", "a@example.com") == 1
    assert "only existing superuser" in capsys.readouterr().err
    assert superuser("upsert", "b@example.com", PASSWORD) == 0
    assert superuser("delete", "a@example.com") == 0
    assert superuser("otp", "b@example.com") == 1
    assert "not enabled" in capsys.readouterr().err
    assert superuser("ips", "10.0.0.0/8") == 0
    assert superuser("ips", "nonsense") == 1
    assert superuser("ips") == 0


@pytest.mark.parametrize(
    "command", ["superuser delete a@example.com", "superuser otp a@example.com", "superuser ips"]
)
def test_no_folder_is_made_by_mistake(
    capsys: pytest.CaptureFixture[str], folder: str, command: str
) -> None:
    assert run([*command.split(), "--dir", folder]) == 1
    assert "holds no data" in capsys.readouterr().err
    assert not Path(folder).exists()


def test_migrate_can_be_repeated(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    assert run(["migrate", "--dir", folder]) == 0
    assert run(["migrate", "--dir", folder]) == 0
    assert "up to date" in capsys.readouterr().out


def test_folder_that_cannot_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(["migrate", "--dir", str(tmp_path / "file/data")]) == 1
    told = capsys.readouterr().err
    assert "error:" in told and "Traceback" not in told


def test_data_that_are_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "data.db").write_bytes(b"no database" * 100)
    for command in ("migrate", "backup list", "superuser ips"):
        assert run([*command.split(), "--dir", str(tmp_path)]) == 1
        told = capsys.readouterr().err
        assert "Can't open" in told and "hint:" in told


def test_taken_port(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert run(["serve", "--dir", folder, "--http", address]) == 1
    assert "--http" in capsys.readouterr().err


@pytest.mark.parametrize("workers", [1, 2])
def test_serve_greets_and_stops(tmp_path: Path, workers: int) -> None:
    """It prints where it listens, where the data lies, and how to make a superuser."""
    folder, port = tmp_path / "data", free_port()
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/none.py").write_text("")
    command = [Tenfold.program(), "serve", "--dir", str(folder), "--workers", str(workers)]
    process = subprocess.Popen(
        [*command, "--http", f"127.0.0.1:{port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        _wait(f"http://127.0.0.1:{port}/api/health")
    finally:
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert f"http://127.0.0.1:{port}/_/#/pbinstal/ey" in out
    assert str(tmp_path / "hooks") in out
    assert f"superuser upsert EMAIL PASSWORD --dir {folder}" in out
    assert not err, "a quiet start and stop"
    assert folder.stat().st_mode & 0o077 == 0, "it holds secrets"


def _wait(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=2)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError(url)
