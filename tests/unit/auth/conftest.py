"""The auth room over a real store, with a clock that tests set and an outbox."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tenfold.auth import AccountRules, AppFacts, Auth, Caller, Passwords
from tenfold.blobs.disk import DiskBlobs
from tenfold.bus import Counters
from tenfold.files import RecordUploads
from tenfold.hooks import HookRegistry
from tenfold.mail import Mail, Message
from tenfold.records import Presenter, RecordWrites
from tenfold.schema.actor import NOBODY, RequestFacts
from tenfold.schema.auth_options import AuthOptions
from tenfold.schema.collection import Collection
from tenfold.schema.record import Record
from tenfold.store.contract import Transaction
from tenfold.store.sqlite import SqliteStore

PASSWORD = "a-long-password-1"
SERVICE = RequestFacts(is_service=True)


@pytest.fixture
def anyio_backend() -> str:
    """Async tests of this folder run on asyncio."""
    return "asyncio"


class Outbox(Mail):
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@dataclass
class World:
    """The room and what tests look at or turn."""

    store: SqliteStore
    auth: Auth
    outbox: Outbox
    hooks: HookRegistry
    time: float = field(default_factory=time.time)

    def collection(self, name: str = "users") -> Collection:
        found = self.store.catalog.find(name)
        assert found is not None
        return found

    async def account(self, name: str, collection: str = "users", **values: Any) -> Record:
        """Make an account; its password is PASSWORD."""
        body = {"email": f"{name}@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
        return await self.auth.writes.create(self.collection(collection), body | values, SERVICE)

    async def find(self, account: Record) -> Record:
        """The account as it is now."""
        found = await self.store.find(self.collection(account.collection.name), account.id)
        assert found is not None
        return found

    async def records(self, name: str) -> list[Record]:
        """All records of a collection."""
        return await self.store.find_by(self.collection(name), {})

    async def set_options(self, name: str = "users", **options: Any) -> None:
        """Change an auth collection's options."""
        old = self.collection(name)
        changed = msgspec.structs.replace(old.auth or AuthOptions(), **options)

        async def work(tx: Transaction) -> None:
            await tx.save_collections([replace(old, auth=changed)])

        await self.store.write(work)


def caller(
    body: dict[str, Any] | None = None,
    *,
    query: dict[str, str] | None = None,
    context: str = "password",
    agent: str = "test",
) -> Caller:
    """Somebody who sends a body."""
    facts = msgspec.structs.replace(NOBODY, context=context, body=body or {}, query=query or {})
    return Caller(facts, "127.0.0.1", agent)


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[World]:
    del anyio_backend
    store, hooks, outbox = SqliteStore(tmp_path), HookRegistry(), Outbox()
    await store.open()
    passwords = Passwords(threads=1)
    rules = AccountRules(passwords)
    files = RecordUploads(DiskBlobs(tmp_path / "storage"))
    auth = Auth(
        store=store,
        writes=RecordWrites(store, hooks, files=files, auth=rules),
        presenter=Presenter(hooks),
        passwords=passwords,
        rules=rules,
        hooks=hooks,
        mail=outbox,
        app=lambda: AppFacts("Acme", "https://acme.example", "Support", "support@acme.example"),
        hit=Counters().hit,
        admit_superuser=lambda _: None,
        clock=lambda: made.time,
    )
    made = World(store, auth, outbox, hooks)
    yield made
    await auth.background.finish()
    hooks.stop()
    passwords.close()
    await store.close()
