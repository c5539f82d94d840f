"""The kill drill, short."""

from __future__ import annotations

from pathlib import Path

from tests.drills.kill import drill, show


def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    found = drill(tmp_path, rounds=3)
    show(found)
    assert all(one.is_clean for one in found)
    assert sum(one.acknowledged for one in found) > 100
    assert sum(one.files for one in found) > 0
