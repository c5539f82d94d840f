"""A copy taken under writes is one moment of the data."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from tenfold.errors import OperatorError
from tenfold.store.sqlite_connection import open_writer
from tenfold.store.sqlite_snapshot import check_snapshot, take_snapshot


def fill(folder: Path, rows: int) -> apsw.Connection:
    writer = open_writer(folder / "data.db")
    writer.execute("CREATE TABLE t (a INTEGER, body TEXT)")
    with writer:
        writer.executemany("INSERT INTO t VALUES (?, ?)", [(0, "x" * 500) for _ in range(rows)])
    return writer


def test_a_copy_under_writes_is_one_moment(tmp_path: Path) -> None:
    writer = fill(tmp_path, 20_000)
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            writer.execute("UPDATE t SET a = ? WHERE rowid IN (1, 20000)", (number,))

    thread = threading.Thread(target=write)
    thread.start()
    steps: list[tuple[int, int]] = []
    try:
        take_snapshot(tmp_path, tmp_path / "copy", lambda done, total: steps.append((done, total)))
    finally:
        is_over.set()
        thread.join()
        writer.close()
    check_snapshot(tmp_path / "copy")
    copy = apsw.Connection(str(tmp_path / "copy"))
    assert copy.execute("SELECT count(*) FROM t").fetchone() == (20_000,)
    assert copy.execute("SELECT count(DISTINCT a) FROM t WHERE rowid IN (1, 20000)").fetchone() == (
        1,
    )
    copy.close()
    assert len(steps) > 1
    assert steps[-1][0] == steps[-1][1]


def test_no_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no data"):
        take_snapshot(tmp_path, tmp_path / "copy")


@pytest.mark.parametrize("damage", [0, 100, 4096])
def test_a_broken_copy_is_found(tmp_path: Path, damage: int) -> None:
    fill(tmp_path, 200).close()
    path = tmp_path / "data.db"
    body = bytearray(path.read_bytes())
    body[damage : damage + 64] = b"\xff" * 64
    path.write_bytes(body)
    with pytest.raises(OperatorError, match="broken"):
        check_snapshot(path)
