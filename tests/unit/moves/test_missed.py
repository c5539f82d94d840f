"""Keys that workers note down and the mover takes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tenfold.blobs import BlobsUnavailable
from tenfold.moves import MissedKeys


def test_keys_are_read_in_order_until_they_are_cleared(tmp_path: Path) -> None:
    missed = MissedKeys(tmp_path)
    assert missed.read() == []
    for key in ("c/r/é \u2028 x.txt", "c/r/", "c/r/b"):
        missed.add(key)
    assert missed.read() == missed.read() == ["c/r/é \u2028 x.txt", "c/r/", "c/r/b"]
    missed.clear(missed.read()[:2])
    assert MissedKeys(tmp_path).read() == ["c/r/b"]
    missed.clear(["c/r/b"])
    assert missed.read() == []


def test_what_came_meanwhile_stays(tmp_path: Path) -> None:
    missed = MissedKeys(tmp_path)
    missed.add("c/r/a")
    seen = missed.read()
    missed.add("c/r/b")
    missed.clear(seen)
    missed.clear(seen)
    assert missed.read() == ["c/r/b"]


def test_a_line_cut_short_waits_for_its_end(tmp_path: Path) -> None:
    missed = MissedKeys(tmp_path)
    (tmp_path / "move.missed").write_bytes(b"c/r/a\nc/r/")
    assert missed.read() == ["c/r/a"]


def test_many_who_write_and_one_who_reads_lose_nothing(tmp_path: Path) -> None:
    count = 400

    def add(worker: int) -> None:
        missed = MissedKeys(tmp_path)
        for number in range(count):
            missed.add(f"c/{worker}/{number}")

    taken: list[str] = []
    missed = MissedKeys(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(add, worker) for worker in range(4)]
        while not all(task.done() for task in tasks) or missed.read():
            keys = missed.read()
            taken += keys
            missed.clear(keys)
    assert len(taken) == len(set(taken)) == 4 * count


def test_a_long_file_is_read_in_pieces(tmp_path: Path) -> None:
    missed = MissedKeys(tmp_path)
    keys = [f"c/r/{number:0200}" for number in range(3000)]
    (tmp_path / "move.missed").write_text("".join(f"{key}\n" for key in keys))
    taken: list[str] = []
    while some := missed.read():
        assert len(some) < 2000
        taken += some
        missed.clear(some)
    assert taken == keys
    assert os.path.getsize(tmp_path / "move.missed") == 0


def test_a_folder_that_is_away_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BlobsUnavailable):
        MissedKeys(tmp_path / "none").add("c/r/a")
