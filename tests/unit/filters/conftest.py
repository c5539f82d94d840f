"""The database of this folder's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.filters.odd import Odd, plant


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odd]:
    """Odd records, and who may ask for them."""
    made = plant(tmp_path_factory.mktemp("odd"))
    yield made
    made.close()
