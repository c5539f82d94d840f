"""What every field type must be able to do; one subclass and one file per type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tenfold.errors import FieldError, FieldErrors

if TYPE_CHECKING:
    from tenfold.schema.collection import Collection


class Storage(Enum):
    """How a field's value lies in a column, and so how it compares and sorts."""

    TEXT = "text"  # str; dates too, as "2026-01-31 23:59:59.123Z"; empty is ""
    NUMBER = "number"  # int or float; empty is 0
    BOOL = "bool"  # bool; empty is False
    LIST = "list"  # list[str] as a JSON array; empty is []
    JSON = "json"  # msgspec.Raw, the JSON text exactly as it came; empty is null
    POINT = "point"  # {"lon": float, "lat": float} as a JSON object; empty is 0,0


Value = Any


class Field(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="type",
    dict=True,
):
    """One column of a collection: its settings (the wire's keys, camelCased) and its rules.

    Instances are immutable; `id` stays the same when the field is renamed, which is how a
    rename is told from a drop and an add.
    """

    id: str = ""
    name: str = ""
    system: bool = False
    hidden: bool = False
    presentable: bool = False

    modifiers: ClassVar[frozenset[str]] = frozenset()
    """Which of "+name" (prepend), "name+" (append, add), "name-" (remove, subtract) and
    "name:autogenerate" it has, written as "+:", ":+", ":-" and ":autogenerate"."""

    @property
    def type(self) -> str:
        """The wire's name of the type, such as "text"."""
        return str(self.__struct_config__.tag)

    @property
    def storage(self) -> Storage:
        """How values of this field are kept."""
        raise NotImplementedError

    @property
    def is_multiple(self) -> bool:
        """Whether a value is a list."""
        return self.storage is Storage.LIST

    def zero(self) -> Value:
        """The value of a record that says nothing of this field."""
        raise NotImplementedError

    def cast(self, raw: object) -> Value:
        """Turn what JSON, a form or a hook gave into a value, leniently; never raises.

        `raw` is None, bool, int, float, str, list or dict, or already a value.
        """
        raise NotImplementedError

    def modify(self, current: Value, modifier: str, raw: object) -> Value:
        """Apply one of `modifiers` with `raw` to `current`; never raises."""
        del modifier, raw
        return current

    def check(self, value: Value, *, is_new: bool) -> FieldError | FieldErrors | None:
        """Say what is wrong with a cast value, or None. Pure: no look at other records.

        `is_new`: the record is being created.
        """
        raise NotImplementedError

    def fill(self, value: Value, *, is_new: bool, was_set: bool, now: datetime) -> Value:
        """The value to store at a create or update: dates and generated text are filled here.

        `was_set`: the writer itself gave `value`, so it is kept where the type lets it.
        """
        del is_new, was_set, now
        return value

    def check_settings(
        self, collection: Collection, names: Mapping[str, Collection]
    ) -> FieldErrors:
        """Say what is wrong with the field's own settings; empty when all is well.

        Its name and id are the collection's affair (see `schema.validate`). `names` holds
        every collection by id, for fields that point at another one.
        """
        del collection, names
        return {}


class InputField(Field, frozen=True):
    """A field that clients fill (all types but autodate)."""

    help: str = ""
    required: bool = False
