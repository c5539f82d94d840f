"""The drill of kills during a move, short."""

from __future__ import annotations

from pathlib import Path

from tests.drills.move_kills import drill, show


def test_a_move_survives_kills(tmp_path: Path) -> None:
    found = drill(tmp_path, records=1_500, phases=("holding", "switched"))
    show(found)
    assert [one.faults for one in found if one.faults] == []
    assert all(one.is_clean for one in found)
    assert sum(one.acknowledged for one in found) > 100
