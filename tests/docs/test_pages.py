"""Links lead somewhere; docs/api.md names every route and every known difference."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tenfold.api.http import Route
from tenfold.api.router import Router
from tenfold.app import build_app
from tenfold.settings import Settings
from tests.differential.known import KNOWN

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs/api.md").read_text()

_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
_ROUTE = re.compile(r"`([A-Z]+) (/[^`]*)`")
_KNOWN = re.compile(r"^\| `([^`]+)` \| .+ \| .+ \|$", re.MULTILINE)


def _pages() -> list[str]:
    told = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return told.stdout.split()


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", _pages())
def test_links(page: str) -> None:
    for link in _LINK.findall((ROOT / page).read_text()):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def _routes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    add = Router.add

    def noted(router: Router, route: Route) -> None:
        found.add((route.method, route.pattern))
        add(router, route)

    monkeypatch.setattr(Router, "add", noted)
    build_app(Settings(dir=folder, workers=1))
    return found


def test_routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(_ROUTE.findall(API)) == _routes(tmp_path / "data", monkeypatch)


def test_known_differences() -> None:
    """Each of the list has its row in the table, and each row is of the list."""
    table = API.partition("## What differs")[2].partition("Otherwise different")[0]
    assert set(_KNOWN.findall(table)) == set(KNOWN)


@pytest.mark.parametrize(
    "room",
    sorted(path.parent for path in ROOT.glob("tenfold/*/__init__.py")),
    ids=lambda room: room.name,
)
def test_rooms(room: Path) -> None:
    """Each says on one screen what lives in it, and names no file that is not there."""
    text = (room / "README.md").read_text()
    assert len(text.splitlines()) <= 20
    places = (room, ROOT / "tenfold", ROOT)
    for name in re.findall(r"`([\w/]+\.(?:py|md|sql))`", text):
        assert any((place / name).exists() for place in places), name
