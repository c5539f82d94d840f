"""The file of a move: one step after another, one winner, the place that counts."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tenfold.errors import OperatorError
from tenfold.moves.places import placed, shown, staying
from tenfold.moves.presence import Presence, all_have_dealt_with
from tenfold.moves.state import (
    FILE,
    Overtaken,
    Place,
    advance,
    begin,
    forget,
    read,
)
from tenfold.settings import SQLITE, SettingsError, load

HERE = Place(SQLITE, "")
THERE = Place("mysql://me:hidden@db/tenfold?ca=x", "s3://me@h/files")


def test_a_move_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    move = begin(tmp_path, HERE, THERE)
    numbers = [move.number]
    assert (move.place, move.other) == (HERE, THERE)
    for phase in ("ready", "holding", "switched"):
        move = advance(tmp_path, move, phase)
        assert read(tmp_path) == move
        numbers.append(move.number)
    assert (move.place, move.other) == (THERE, HERE)
    move = advance(tmp_path, move, "settled")
    assert (move.place, move.other) == (THERE, None)
    back = begin(tmp_path, THERE, HERE)
    assert numbers == sorted(set(numbers))
    assert back.number > move.number


def test_one_of_two_wins(tmp_path: Path) -> None:
    """A worker that gives a hold up and a mover that switches can't both have their way."""
    ready = advance(tmp_path, begin(tmp_path, HERE, THERE), "ready")
    holding = advance(tmp_path, ready, "holding")
    advance(tmp_path, holding, "ready")
    with pytest.raises(Overtaken):
        advance(tmp_path, holding, "switched")
    move = read(tmp_path)
    assert move is not None
    assert move.place == HERE


def test_the_same_move_goes_on_and_another_is_refused(tmp_path: Path) -> None:
    first = begin(tmp_path, HERE, THERE)
    again = begin(tmp_path, HERE, THERE)
    assert again.number == first.number + 1
    with pytest.raises(OperatorError, match="another place"):
        begin(tmp_path, HERE, Place("mysql://other/db", ""))


def test_a_move_that_is_given_up_leaves_the_data_where_it_was(tmp_path: Path) -> None:
    move = begin(tmp_path, HERE, THERE)
    forget(tmp_path, move)
    found = read(tmp_path)
    assert found is not None
    assert (found.place, found.other) == (HERE, None)
    assert placed(load({"dir": tmp_path}, environ={})).store == SQLITE


def test_a_switched_move_is_not_given_up(tmp_path: Path) -> None:
    move = begin(tmp_path, HERE, THERE)
    switched = advance(tmp_path, move, "switched")
    with pytest.raises(Overtaken):
        forget(tmp_path, switched)


def test_the_file_counts_before_the_settings(tmp_path: Path) -> None:
    settings = load({"dir": tmp_path}, environ={})
    assert placed(settings) == settings
    move = begin(tmp_path, HERE, THERE)
    assert placed(settings).store == SQLITE
    advance(tmp_path, move, "switched")
    assert (placed(settings).store, placed(settings).blobs) == (THERE.store, THERE.blobs)
    renamed = load({"dir": tmp_path, "store": THERE.store, "blobs": THERE.blobs}, environ={})
    assert placed(renamed).store == THERE.store
    third = load({"dir": tmp_path, "store": "mysql://third/db"}, environ={})
    with pytest.raises(SettingsError, match="has moved the data") as caught:
        placed(third)
    assert "hidden" not in str(caught.value)


def test_a_place_is_shown_without_who_may(tmp_path: Path) -> None:
    assert shown(THERE) == "store mysql://db/tenfold, blobs s3://h/files"
    assert shown(HERE) == "store sqlite, blobs in the data folder"


def test_a_file_that_is_no_move_is_an_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(OperatorError, match="can't be read"):
        read(tmp_path)


def test_only_workers_that_live_are_waited_for(tmp_path: Path) -> None:
    assert all_have_dealt_with(tmp_path, 7)
    mine = Presence(tmp_path)
    mine.begin()
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    other = spawn.Process(target=_be_present, args=(tmp_path, theirs))
    other.start()
    assert ours.recv() == 5
    mine.tell(7)
    assert all_have_dealt_with(tmp_path, 5)
    assert not all_have_dealt_with(tmp_path, 6)
    other.kill()
    other.join(10)
    assert all_have_dealt_with(tmp_path, 7)
    assert not all_have_dealt_with(tmp_path, 8)
    mine.end()
    assert all_have_dealt_with(tmp_path, 8)


def test_a_command_beside_the_service_keeps_a_move_waiting(tmp_path: Path) -> None:
    settings = load({"dir": tmp_path}, environ={})
    move = begin(tmp_path, HERE, THERE)
    with staying(settings) as there:
        assert there.store == SQLITE
        assert not all_have_dealt_with(tmp_path, move.number)
    assert all_have_dealt_with(tmp_path, move.number)


def test_a_command_that_comes_during_a_hold_goes_where_the_data_goes(tmp_path: Path) -> None:
    settings = load({"dir": tmp_path}, environ={})
    holding = advance(tmp_path, begin(tmp_path, HERE, THERE), "holding")
    switching = threading.Timer(0.2, lambda: advance(tmp_path, holding, "switched"))
    switching.start()
    with staying(settings) as there:
        assert there.store == THERE.store
        # Workers need not wait for it: it is at the new place.
        assert all_have_dealt_with(tmp_path, holding.number + 1)
    switching.join()


def _be_present(folder: Path, told: Connection) -> None:
    presence = Presence(folder)
    presence.begin()
    presence.tell(5)
    told.send(5)
    told.recv()
