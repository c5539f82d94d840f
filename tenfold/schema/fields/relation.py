"""References to records of a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tenfold.errors import FieldError, FieldErrors
from tenfold.schema.fields.choice import ChoiceField
from tenfold.schema.fields.contract import Value
from tenfold.schema.values.faults import REQUIRED, at_least, found, within

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection

MISSING_RECORDS = FieldError(
    "validation_missing_rel_records",
    "Failed to find all relation records with the provided ids.",
)
"""For whoever looks the ids up; `check` can't."""

MISSING_COLLECTION = FieldError(
    "validation_field_relation_missing_collection", "The relation collection doesn't exist."
)
COLLECTION_FIXED = FieldError(
    "validation_field_relation_change", "The relation collection cannot be changed."
)
ONLY_VIEWS_TO_VIEWS = FieldError(
    "validation_relation_field_non_view_base_collection",
    "Only view collections are allowed to have relations to other views.",
)


class RelationField(ChoiceField, frozen=True, tag="relation"):
    """Ids of records in `collection_id`, `min_select` to `max_select` of them.

    With `cascade_delete` a record goes when one that it points at goes.
    """

    collection_id: str = ""
    min_select: int = 0
    cascade_delete: bool = False

    def check(self, value: Value, *, is_new: bool) -> FieldError | None:
        del is_new
        items = self.listed(value)
        if not items:
            return REQUIRED if self.required else None
        if len(items) < self.min_select:
            least = self.min_select
            return FieldError(
                "validation_not_enough_values", f"Select at least {least}.", {"minSelect": least}
            )
        return self.check_count(len(items))

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        return found(
            collectionId=self._check_target(collection, names),
            minSelect=within(self.min_select),
            maxSelect=self._check_max(),
        )

    def _check_target(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldError | None:
        if not self.collection_id:
            return REQUIRED
        target = names.get(self.collection_id)
        if target is None:
            return MISSING_COLLECTION
        before = _same_field(names.get(collection.id), self.id)
        if before is not None and before.collection_id != self.collection_id:
            return COLLECTION_FIXED
        if target.type == "view" and collection.type != "view":
            return ONLY_VIEWS_TO_VIEWS
        return None

    def _check_max(self) -> FieldError | None:
        if self.min_select > 1 and not self.max_select:
            return REQUIRED
        return within(self.max_select) if self.max_select < 0 else self._check_order()

    def _check_order(self) -> FieldError | None:
        is_crossed = self.max_select and self.max_select < self.min_select
        return at_least(self.min_select) if is_crossed else None


def _same_field(before: Collection | None, field_id: str) -> RelationField | None:
    """The relation as it was in the stored collection, when it was one."""
    if before is None or before.type == "view":
        return None
    same = (f for f in before.fields if f.id == field_id)
    return next((f for f in same if isinstance(f, RelationField)), None)
