"""Rules as Python functions, for those that the record and the request alone can decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tenfold.filters.plan import Plan
from tenfold.schema.actor import RequestFacts
from tenfold.schema.collection import Catalog, Collection

PredicateMaker = Callable[
    [tuple[str | float, ...]], Callable[[Mapping[str, Any], RequestFacts], bool]
]


def predicate_maker(
    collection: Collection, catalog: Catalog, plans: Mapping[str, Plan]
) -> PredicateMaker | None:
    """Compile a form's plans; None when any of them needs the database."""
    del collection, catalog, plans
    return None
