"""Make an account for someone whom only a provider knows so far."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tenfold.auth import accounts
from tenfold.auth.oauth2.client import OAuth2Client
from tenfold.auth.oauth2.profile import OAuth2User, ProviderFailed
from tenfold.auth.parts import Auth, Caller
from tenfold.errors import BadRequest
from tenfold.records.writes import Then
from tenfold.schema.auth_options import OAuth2Fields
from tenfold.schema.collection import Collection
from tenfold.schema.fields import FileField
from tenfold.schema.fields.file import DEFAULT_MAX_BYTES
from tenfold.schema.record import Record

MOST_AVATAR_BYTES = 20 << 20
PASSWORD_BYTES = 30


@dataclass(frozen=True, slots=True)
class Avatar:
    """A fetched picture on its way into a record, like an upload."""

    filename: str
    path: str
    size_bytes: int


async def create_account(
    auth: Auth,
    client: OAuth2Client,
    caller: Caller,
    collection: Collection,
    user: OAuth2User,
    create_data: Mapping[str, Any],
    then: Then,
) -> Record:
    """A new account by the collection's create rule; what the client sent goes before what
    the provider says.

    Raises: Forbidden, BadRequest as for any new record, Unavailable.
    """
    fields = collection.auth.oauth2.mapped_fields if collection.auth else OAuth2Fields()
    sent = dict(create_data)
    sent["email"] = sent.get("email") or user.email
    if not sent.get("password"):
        sent["password"] = sent["passwordConfirm"] = secrets.token_urlsafe(PASSWORD_BYTES)
    sent |= await _mapped(auth, collection, user, fields, sent)
    async with _avatar(client, collection, user, fields, sent) as avatar:
        try:
            return await _create(auth, caller, collection, sent | avatar, then)
        except BadRequest as error:
            # A picture that the field does not take is no reason to turn its owner away.
            if not avatar or not error.errors.keys() & avatar.keys():
                raise
            return await _create(auth, caller, collection, sent, then)


async def _create(
    auth: Auth, caller: Caller, collection: Collection, sent: dict[str, Any], then: Then
) -> Record:
    facts = msgspec.structs.replace(caller.facts, context="oauth2", body=sent)
    return await auth.writes.create(collection, sent, facts, then)


async def _mapped(
    auth: Auth,
    collection: Collection,
    user: OAuth2User,
    fields: OAuth2Fields,
    sent: Mapping[str, Any],
) -> dict[str, Any]:
    """What the provider says, under the names of fields that the client left out and that
    take it."""
    told = {
        fields.id: user.id,
        fields.name: user.name,
        fields.username: user.username,
        fields.avatar_url: user.avatar_url,
    }
    return {
        name: value
        for name, value in told.items()
        if value and name not in sent and await _is_taken_by(auth, collection, name, value)
    }


async def _is_taken_by(auth: Auth, collection: Collection, name: str, value: str) -> bool:
    """Whether a field accepts a value that nobody has typed in."""
    field = collection.by_name.get(name)
    if field is None or isinstance(field, FileField):
        return False
    if field.check(field.cast(value), is_new=True) is not None:
        return False
    if not accounts.is_unique(collection, name):
        return True
    return await accounts.find_by(auth.store.current(), collection, name, value) is None


@asynccontextmanager
async def _avatar(
    client: OAuth2Client,
    collection: Collection,
    user: OAuth2User,
    fields: OAuth2Fields,
    sent: Mapping[str, Any],
) -> AsyncGenerator[dict[str, Any]]:
    """The picture under its field's name; empty when there is none to be had."""
    field = collection.by_name.get(fields.avatar_url)
    if not isinstance(field, FileField) or field.name in sent or not user.avatar_url:
        yield {}
        return
    limit = min(field.max_size or DEFAULT_MAX_BYTES, MOST_AVATAR_BYTES)
    try:
        content = await client.avatar(user.avatar_url, limit)
    except ProviderFailed:
        yield {}
        return
    path = await asyncio.to_thread(_write_down, content)
    try:
        yield {field.name: [Avatar(_file_name(user.avatar_url), path, len(content))]}
    finally:
        await asyncio.to_thread(_remove, path)


def _write_down(content: bytes) -> str:
    handle, path = tempfile.mkstemp(prefix="tenfold-avatar-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return path


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def _file_name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name[:100] or "avatar"
