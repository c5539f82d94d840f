"""The drill of the live move, short."""

from __future__ import annotations

from pathlib import Path

from tests.drills.move import drill, show


def test_a_move_there_and_back_loses_nothing(tmp_path: Path) -> None:
    found = drill(tmp_path, records=1_500, writers=4)
    show(found)
    for one in found:
        # How long writes were held is the drill's to print: time decides no test.
        wrong = (one.failed, one.stale, one.lost, one.files_missing, one.faults)
        assert wrong == (0, 0, 0, 0, [])
        assert one.rows > 1_500
        assert one.acknowledged > 50
        assert one.files > 0
