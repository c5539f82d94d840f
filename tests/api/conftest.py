"""A running Tenfold for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.planted import open_collection, plant
from tests.targets import Tenfold

NOTES = open_collection(
    "notes",
    {"name": "title", "type": "text", "max": 100},
    {"name": "body", "type": "editor"},
    {"name": "rank", "type": "number"},
    {"name": "done", "type": "bool"},
    {"name": "mail", "type": "email"},
    {"name": "link", "type": "url"},
    {"name": "day", "type": "date"},
    {"name": "state", "type": "select", "values": ["a", "b", "c"], "maxSelect": 2},
    {"name": "meta", "type": "json"},
    {"name": "place", "type": "geoPoint"},
    {"name": "docs", "type": "file", "maxSelect": 3, "maxSize": 1 << 20},
    {"name": "code", "type": "text", "pattern": "^[a-z0-9]*$"},
    {"name": "secret", "type": "text", "hidden": True},
)
ORIGIN = "https://app.example.com"
SETTINGS = {"batch": {"enabled": True, "maxRequests": 50, "timeout": 3}}


@pytest.fixture(scope="module")
def tenfold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenfold]:
    """One worker with the open collection `notes`; it must run until the last test is done."""
    folder = tmp_path_factory.mktemp("tenfold")
    with started(folder) as server:
        yield server
        assert server.process is not None and server.process.poll() is None


def started(folder: Path, *, workers: int = 1) -> Tenfold:
    """A server with `notes` in it, not yet started."""
    server = Tenfold(folder / "data", workers=workers)
    plant(server.dir, [NOTES], SETTINGS)
    return server
