"""The folder of a fleet."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tenfold.cluster.folder import FleetFolder
from tenfold.errors import OperatorError


def test_what_was_made_is_found_again(tmp_path: Path) -> None:
    folder = FleetFolder(tmp_path / "fleet")
    made = folder.make("split", "127.0.0.1:9000")
    secrets = {path.name: path.read_bytes() for path in folder.secrets.iterdir()}
    assert folder.topology() == made
    assert folder.make("split", None) == made
    assert {path.name: path.read_bytes() for path in folder.secrets.iterdir()} == secrets
    moved = folder.make("split", "127.0.0.1:9001")
    assert folder.topology() == moved != made


def test_a_slot_where_somebody_listens_is_left_to_them(tmp_path: Path) -> None:
    folder = FleetFolder(tmp_path / "fleet")
    folder.make("split", None)
    first = folder.plan().slot
    (folder.path / "fleet.json").unlink()
    with socket.create_server((f"127.77.{first}.2", 3306)):
        folder.make("split", None)
    assert folder.plan().slot != first


def test_bad_folders_and_addresses(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="holds no fleet"):
        FleetFolder(tmp_path).topology()
    with pytest.raises(OperatorError, match="of this name"):
        FleetFolder(tmp_path / "two words").make("split", None)
    with pytest.raises(ValueError, match="an address and a port"):
        FleetFolder(tmp_path / "fleet").make("split", "nonsense")
    (tmp_path / "fleet.json").write_text('{"stage": 1}')
    with pytest.raises(OperatorError, match="can't be read"):
        FleetFolder(tmp_path).plan()
