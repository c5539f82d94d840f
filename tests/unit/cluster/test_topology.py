"""Stages as values."""

from __future__ import annotations

import pytest

from tenfold.cluster.topology import Addresses, Flow, Host, Part, Topology, split

SPLIT = split(Addresses("10.0.0.1", "10.0.0.2", "10.0.0.3"), port=80)


def test_only_the_service_talks_to_others() -> None:
    assert set(SPLIT.flows()) == {Flow("web", "database", 3306), Flow("web", "objects", 8333)}


def test_parts_start_after_what_they_need() -> None:
    names = [part.name for part in SPLIT.in_start_order()]
    assert names == ["database-1", "objects-1", "app-1"]


def test_parts_that_wait_for_each_other_are_refused() -> None:
    ring = Topology(
        "ring",
        (Host("h", "10.0.0.1"),),
        (Part("a", "a", "x", "h", 1, uses=("b",)), Part("b", "b", "x", "h", 2, uses=("a",))),
    )
    with pytest.raises(ValueError, match="wait for each other"):
        list(ring.in_start_order())


def test_every_slot_has_addresses_of_its_own() -> None:
    slots = [Addresses.on_loopback(slot, "127.0.0.1") for slot in range(1, 251)]
    assert len({a.database for a in slots} | {a.objects for a in slots}) == 500
