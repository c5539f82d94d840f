"""What an import will do, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from tenfold.administration import StoredSettings
from tenfold.administration.encryption import WrongKey, decrypt
from tenfold.administration.merge import WrongShape, merge
from tenfold.errors import OperatorError
from tenfold.imports import legacy
from tenfold.imports.source import PocketBaseFolder
from tenfold.schema.collection import SUPERUSERS, Collection
from tenfold.schema.defaults import default_collections, new_auth_options
from tenfold.schema.values.dates import date_text
from tenfold.schema.wire import decode_stored, to_object

ADMINS = "_admins"
EXTERNAL_AUTHS = "_externalAuths"

_AS_IS: Mapping[str, str] = {}

Rows = Iterator[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A collection and the table of the source its records come from ("" is none)."""

    collection: Collection
    table: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an import brings, files aside."""

    planned: tuple[Planned, ...]
    settings: StoredSettings
    is_legacy: bool

    @property
    def files_are_remote(self) -> bool:
        """Whether uploaded files lie in S3, where they stay."""
        return self.settings.s3.enabled


def make_plan(source: PocketBaseFolder, encryption_key: str) -> Plan:
    """Read descriptions and settings. Raises: OperatorError for what can't be understood."""
    make = _legacy_plan if source.is_legacy else _current_plan
    try:
        raw_settings = _settings(source.settings_text(), encryption_key)
        planned = tuple(make(source, raw_settings))
        settings = merge(StoredSettings(), raw_settings)
    except (msgspec.DecodeError, WrongShape, KeyError, AttributeError) as error:
        raise OperatorError(f"{source.folder} has an unknown layout: {error}") from error
    return Plan(planned, settings, source.is_legacy)


def rows_of(source: PocketBaseFolder, planned: Planned, plan: Plan) -> Rows:
    """The rows of a planned collection, columns named as its fields are."""
    if not planned.table:
        return
    renamed = _renamed_columns(planned) if plan.is_legacy else _AS_IS
    fixed = {"verified": 1} if planned.table == ADMINS else {}
    for row in source.rows(planned.table):
        yield {renamed.get(name, name): value for name, value in row.items()} | fixed


def _renamed_columns(planned: Planned) -> Mapping[str, str]:
    if planned.table == EXTERNAL_AUTHS:
        return legacy.EXTERNAL_AUTH_COLUMNS
    return legacy.RENAMED_COLUMNS if planned.collection.type == "auth" else _AS_IS


def _settings(text: str | None, encryption_key: str) -> dict[str, Any]:
    if not text:
        return {}
    encoded = text.encode()
    if not text.lstrip().startswith("{"):
        encoded = _decrypted(text.strip('"'), encryption_key)
    return msgspec.json.decode(encoded, type=dict[str, Any])


def _decrypted(text: str, encryption_key: str) -> bytes:
    if not encryption_key:
        raise OperatorError(
            "the settings of this folder are encrypted",
            hint="put the 32 characters in TENFOLD_ENCRYPTION_KEY",
        )
    try:
        return decrypt(text, encryption_key)
    except WrongKey:
        raise OperatorError(
            "the settings of this folder were encrypted with another key",
            hint="it is the value of the variable that PocketBase's --encryptionEnv names",
        ) from None


def _current_plan(source: PocketBaseFolder, settings: dict[str, Any]) -> Iterator[Planned]:
    del settings
    for row in source.collections():
        description: dict[str, Any] = {**row, **(row["options"] or {})}
        collection = _described(description)
        yield Planned(collection, "" if collection.type == "view" else collection.name)


def _legacy_plan(source: PocketBaseFolder, settings: dict[str, Any]) -> Iterator[Planned]:
    tables = {SUPERUSERS: ADMINS, EXTERNAL_AUTHS: EXTERNAL_AUTHS}
    taken = {row["name"].lower() for row in source.collections()}
    for system in default_collections(date_text(datetime.now(UTC))):
        if not system.system or system.name.lower() in taken:
            continue
        description = to_object(system)
        if system.name == SUPERUSERS:
            description = legacy.superuser_options(settings, description)
        yield Planned(_described(description), tables.get(system.name, ""))
    for row in source.collections():
        auth_defaults: dict[str, Any] = msgspec.to_builtins(new_auth_options())
        collection = _described(legacy.collection(row, settings, auth_defaults))
        yield Planned(collection, "" if collection.type == "view" else collection.name)


def _described(description: dict[str, Any]) -> Collection:
    tidy = description | {
        "fields": [_without_nulls(field) for field in description["fields"]],
        "system": bool(description["system"]),
        "indexes": description["indexes"] or [],
    }
    return decode_stored(msgspec.json.encode(tidy))


def _without_nulls(field: dict[str, Any]) -> dict[str, Any]:
    """PocketBase writes null for some empty lists; number limits may be null on purpose."""
    may_be_null = ("min", "max") if field["type"] == "number" else ()
    return {k: v for k, v in field.items() if v is not None or k in may_be_null}
