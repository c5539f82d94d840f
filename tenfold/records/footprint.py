"""What an answer to a read was made from, and so which changes make it wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenfold.filters import CheckedSort
from tenfold.schema.collection import Catalog, Collection
from tenfold.store.select import Condition

PARTS_IN_THE_KEY = frozenset({"auth", "auth_record", "method", "context", "query"})
"""Parts of a request that the key of a remembered list already tells apart."""


@dataclass(slots=True)
class Footprint:
    """Collections read, and whether the answer depends on more than them.

    `is_volatile`: on the time, on chance, or on something that no change row tells of.
    """

    collection_ids: set[str] = field(default_factory=set[str])
    is_volatile: bool = False

    def add_collection(self, collection: Collection) -> None:
        """The answer shows records of this collection."""
        self.collection_ids.add(collection.id)
        if collection.type == "view":
            self.is_volatile = True
        if collection.auth and collection.auth.manage_rule:
            # Who sees an e-mail address then depends on yet another rule.
            self.is_volatile = True

    def add_conditions(self, conditions: Iterable[Condition]) -> None:
        """The answer was picked by these rules and filters."""
        for checked, facts in conditions:
            self._add_ids(checked.dependencies, checked.form.catalog)
            self.is_volatile |= checked.is_volatile or not checked.reads <= PARTS_IN_THE_KEY
            if "auth_record" in checked.reads and facts.actor:
                self.collection_ids.add(facts.actor.record.collection.id)

    def add_sort(self, sort: CheckedSort, catalog: Catalog) -> None:
        """The answer was sorted so."""
        self._add_ids(sort.dependencies, catalog)
        self.is_volatile |= sort.is_volatile

    def _add_ids(self, ids: frozenset[str], catalog: Catalog) -> None:
        self.collection_ids |= ids
        # The tables of a view are known to the database only.
        self.is_volatile |= any(catalog.by_id[i].type == "view" for i in ids)
