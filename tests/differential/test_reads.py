"""Records: list and view."""

from __future__ import annotations

import pytest

from tests.differential import seed
from tests.differential.pair import Ask, Pair

CALLERS = (None, "ann", "bob", "cat", "dan", "root")


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", [*seed.RECORDS, "post_stats", "nowhere", "people000000000"])
def test_list(pair: Pair, name: str, who: str | None) -> None:
    pair.same(Ask("GET", f"/api/collections/{name}/records", {"sort": "id"}, who=who))


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", seed.RECORDS)
def test_view(pair: Pair, name: str, who: str | None) -> None:
    paths = [f"/api/collections/{name}/records/{i}" for i in sorted(seed.ids_of(name))]
    pair.all_same(Ask("GET", path, who=who) for path in [*paths, paths[0] + "x"])
