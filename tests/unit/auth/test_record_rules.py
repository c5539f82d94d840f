"""What writes of accounts keep true, whoever writes."""

from __future__ import annotations

import asyncio

import pytest

from tenfold.administration import Superusers
from tenfold.auth import linked
from tenfold.errors import BadRequest
from tenfold.hooks import RecordEvent
from tenfold.schema.actor import NOBODY
from tenfold.schema.collection import INSTALLER_EMAIL, SUPERUSERS
from tenfold.schema.record import Record
from tests.unit.auth.conftest import PASSWORD, SERVICE, World

pytestmark = pytest.mark.anyio
NEW = {"password": "another-one", "passwordConfirm": "another-one"}


async def test_the_installer_goes_with_the_first_superuser(world: World) -> None:
    await Superusers(world.store).installer()
    await world.account("root", SUPERUSERS)
    emails = [record["email"] for record in await world.records(SUPERUSERS)]
    assert emails == ["root@example.com"]
    assert INSTALLER_EMAIL not in emails


async def test_the_last_superuser_stays(world: World) -> None:
    superusers = world.collection(SUPERUSERS)
    first = await world.account("one", SUPERUSERS)
    second = await world.account("two", SUPERUSERS)
    await world.auth.writes.delete(superusers, first.id, SERVICE)
    with pytest.raises(BadRequest, match="only existing superuser"):
        await world.auth.writes.delete(superusers, second.id, SERVICE)


async def test_two_superusers_do_not_delete_each_other(world: World) -> None:
    superusers = world.collection(SUPERUSERS)
    both = [await world.account(name, SUPERUSERS) for name in ("one", "two")]
    deletes = (world.auth.writes.delete(superusers, account.id, SERVICE) for account in both)
    results = await asyncio.gather(*deletes, return_exceptions=True)
    assert sum(isinstance(result, BadRequest) for result in results) == 1
    assert len(await world.records(SUPERUSERS)) == 1


async def test_what_hangs_on_an_account_goes_with_it(world: World) -> None:
    account, other = await world.account("ann"), await world.account("bob")
    await _link(world, account)
    await _link(world, other)
    await world.auth.writes.delete(world.collection(), account.id, SERVICE)
    for name in linked.LINKED:
        assert [record["recordRef"] for record in await world.records(name)] == [other.id]


async def _link(world: World, account: Record) -> None:
    values = {
        linked.OTPS: {"password": "$2a$04$" + "a" * 53},
        linked.MFAS: {"method": "password"},
        linked.ORIGINS: {"fingerprint": "x"},
        linked.EXTERNAL_AUTHS: {"provider": "google", "providerId": account.id},
    }
    for name, given in values.items():
        made = linked.draft(world.store, name, account, world.auth.now(), **given)
        await world.store.write(lambda tx, made=made: tx.insert(made))


async def test_an_id_is_one_account_s_in_all_collections(world: World) -> None:
    account = await world.account("root", SUPERUSERS)
    with pytest.raises(BadRequest) as refused:
        await world.account("ann", id=account.id)
    assert "id" in refused.value.errors


async def test_a_password_is_hashed_and_not_kept(world: World) -> None:
    account = await world.account("ann")
    assert account["password"].startswith("$2a$")
    assert await world.auth.passwords.verify(PASSWORD, account["password"])
    assert len(account["tokenKey"]) == 50


async def test_a_hook_may_set_a_password(world: World) -> None:
    @world.hooks.before_create("users")
    async def change(event: RecordEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        event.record.values["password"] = "set by a hook"

    account = await world.account("ann")
    assert await world.auth.passwords.verify("set by a hook", account["password"])


async def test_a_hash_is_taken_from_hooks_only(world: World) -> None:
    hashed = await world.auth.passwords.hash("known", 4)
    body = {"password": hashed, "passwordConfirm": hashed}
    account = await world.account("ann", **body)
    assert not await world.auth.passwords.verify("known", account["password"])
    assert await world.auth.passwords.verify(hashed, account["password"])


async def test_an_old_password_is_held_against_the_newest(world: World) -> None:
    account = await world.account("ann")
    users = world.collection()
    old = await world.auth.rules.prepare(users, account, NEW | {"oldPassword": PASSWORD})
    await world.auth.writes.update(users, account.id, NEW, SERVICE)
    with pytest.raises(BadRequest) as refused:
        await _update_with(world, account, old)
    assert "oldPassword" in refused.value.errors


async def _update_with(world: World, account: Record, body: dict[str, object]) -> None:
    """Apply what was found out about an earlier state to the present one."""
    now = await world.find(account)
    await world.store.write(
        lambda tx: world.auth.rules.apply(tx, now.copy(), now, body, NOBODY, can_manage=False)
    )


async def test_an_unchanged_account_keeps_its_tokens(world: World) -> None:
    account = await world.account("ann")
    same = {"email": account["email"], "name": "x"}
    await world.auth.writes.update(world.collection(), account.id, same, SERVICE)
    assert (await world.find(account))["tokenKey"] == account["tokenKey"]
