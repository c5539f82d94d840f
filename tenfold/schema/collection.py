"""Collections: what a table is called, which fields it has and who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from tenfold.schema.auth_options import AuthOptions
from tenfold.schema.fields.contract import Field
from tenfold.schema.fields.file import FileField
from tenfold.schema.fields.password import PasswordField
from tenfold.schema.fields.relation import RelationField
from tenfold.schema.indexes import Index

CollectionType = Literal["base", "auth", "view"]
RuleName = Literal["list", "view", "create", "update", "delete"]

SUPERUSERS = "_superusers"

INSTALLER_EMAIL = "__pbinstaller@example.com"
"""The superuser behind the one-time installer link; gone as soon as there is a real one."""


@dataclass(frozen=True, eq=False)
class Collection:
    """An immutable description of one collection.

    A rule is None (superusers only), "" (everyone) or an expression.
    `auth` is set exactly when `type` is "auth", `view_query` when it is "view".
    """

    id: str
    name: str
    type: CollectionType = "base"
    system: bool = False
    fields: tuple[Field, ...] = ()
    indexes: tuple[str, ...] = ()
    list_rule: str | None = None
    view_rule: str | None = None
    create_rule: str | None = None
    update_rule: str | None = None
    delete_rule: str | None = None
    auth: AuthOptions | None = None
    view_query: str = ""
    created: str = ""
    updated: str = ""
    memo: dict[object, Any] = field(
        default_factory=dict[object, Any], init=False, repr=False, compare=False
    )
    """What others have compiled from this description, under a key of theirs."""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Field name -> field."""
        return MappingProxyType({f.name: f for f in self.fields})

    @cached_property
    def file_fields(self) -> tuple[FileField, ...]:
        """The fields that hold file names."""
        return tuple(f for f in self.fields if isinstance(f, FileField))

    @cached_property
    def relation_fields(self) -> tuple[RelationField, ...]:
        """The fields that hold ids of records."""
        return tuple(f for f in self.fields if isinstance(f, RelationField))

    @cached_property
    def has_passwords(self) -> bool:
        """Whether any field holds a password."""
        return any(isinstance(f, PasswordField) for f in self.fields)

    @cached_property
    def unique_columns(self) -> frozenset[str]:
        """The columns that a unique index covers alone, in lower case."""
        indexes = filter(None, map(Index.parse, self.indexes))
        return frozenset(i.columns[0].name.lower() for i in indexes if i.is_single_unique)

    def rule(self, name: RuleName) -> str | None:
        """The rule that guards one kind of access."""
        rules = {
            "list": self.list_rule,
            "view": self.view_rule,
            "create": self.create_rule,
            "update": self.update_rule,
            "delete": self.delete_rule,
        }
        return rules[name]


@dataclass(frozen=True, eq=False)
class Catalog:
    """All collections at one moment; replaced as a whole when any of them changes.

    `version` grows with every replacement.
    """

    collections: tuple[Collection, ...] = ()
    version: int = 0
    by_id: Mapping[str, Collection] = field(init=False, repr=False)
    by_name: Mapping[str, Collection] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {c.id: c for c in self.collections})
        object.__setattr__(self, "by_name", {c.name.lower(): c for c in self.collections})

    def find(self, name_or_id: str) -> Collection | None:
        """A collection by its id, or by its name in any case."""
        return self.by_id.get(name_or_id) or self.by_name.get(name_or_id.lower())

    def replace(self, changed: Iterable[Collection]) -> Catalog:
        """This catalog with some collections added or replaced (matched by id)."""
        merged = {c.id: c for c in self.collections} | {c.id: c for c in changed}
        return Catalog(tuple(merged.values()), self.version + 1)

    def without(self, removed: Iterable[Collection]) -> Catalog:
        """This catalog less some collections (matched by id)."""
        gone = {c.id for c in removed}
        return Catalog(tuple(c for c in self.collections if c.id not in gone), self.version + 1)
