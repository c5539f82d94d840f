"""The exchange of data at a start survives a kill at any of its steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.backups import pending

PARTS = ("data.db-shm", "data.db-wal", "data.db", "storage")


class Killed(BaseException):
    """Stands for the end of the process."""


def prepare(folder: Path, *, with_files: bool = True) -> None:
    """A data folder with old data, and new data that waits."""
    (folder / "storage").mkdir(parents=True)
    (folder / "storage" / "file").write_text("old")
    for name in ("data.db", "data.db-wal", "data.db-shm", "auxiliary.db"):
        (folder / name).write_text("old")
    new = pending.new_data(folder)
    new.mkdir(parents=True)
    (new / "data.db").write_text("new")
    if with_files:
        (new / "storage").mkdir()
        (new / "storage" / "file").write_text("new")
    pending.announce(folder, "x.zip", PARTS if with_files else PARTS[:3])


def tree(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


RESTORED = {"data.db": "new", "storage/file": "new", "auxiliary.db": "old"}


def test_new_data_takes_the_place_of_old(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert pending.is_pending(tmp_path)
    assert pending.apply(tmp_path) == "x.zip"
    assert tree(tmp_path) == RESTORED
    assert not pending.is_pending(tmp_path)
    assert pending.apply(tmp_path) == ""


def test_files_stay_when_the_backup_has_none(tmp_path: Path) -> None:
    prepare(tmp_path, with_files=False)
    pending.apply(tmp_path)
    assert tree(tmp_path) == RESTORED | {"storage/file": "old"}


def test_what_was_not_announced_goes(tmp_path: Path) -> None:
    (tmp_path / "data.db").write_text("old")
    new = pending.new_data(tmp_path)
    new.mkdir(parents=True)
    (new / "data.db").write_text("half")
    assert pending.apply(tmp_path) == ""
    assert tree(tmp_path) == {"data.db": "old"}


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("step", range(9))
def test_a_kill_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, is_before: bool
) -> None:
    prepare(tmp_path)
    real_rename, real_unlink = Path.rename, Path.unlink
    done = 0

    def count() -> None:
        nonlocal done
        if done == step:
            raise Killed
        done += 1

    def rename(source: Path, target: Path) -> Path:
        if is_before:
            count()
        moved = real_rename(source, target)
        if not is_before:
            count()
        return moved

    def unlink(path: Path) -> None:
        if is_before:
            count()
        real_unlink(path)
        if not is_before:
            count()

    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(Path, "unlink", unlink)
    try:
        pending.apply(tmp_path)
    except Killed:
        monkeypatch.undo()
        pending.apply(tmp_path)
    else:
        assert step >= done
    assert tree(tmp_path) == RESTORED
