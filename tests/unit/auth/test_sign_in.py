"""What every way of signing in ends with."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tenfold.auth import OneStepLeft, SignedIn, accounts, clean_mfas, forms, sign_in, tokens
from tenfold.auth.flows import auth_with_password, request_password_reset, request_verification
from tenfold.errors import BadRequest, Forbidden
from tenfold.hooks import AuthEvent, RecordEvent
from tenfold.schema.auth_options import MFA, OTP, AuthAlert, MailTemplate
from tenfold.schema.collection import SUPERUSERS
from tenfold.schema.record import Record
from tests.unit.auth.conftest import PASSWORD, World, caller

pytestmark = pytest.mark.anyio


async def test_the_token_is_the_account_s(world: World) -> None:
    account = await world.account("ann")
    done = await sign_in(world.auth, caller(), account, "password", meta={"a": 1})
    assert isinstance(done, SignedIn)
    proof = await tokens.prove(done.body["token"], "auth", world.store, world.time)
    assert proof is not None and proof.record.id == account.id
    assert done.body["record"]["email"] == "ann@example.com"
    assert done.body["meta"] == {"a": 1}


async def test_nobody_where_there_is_no_rule(world: World) -> None:
    account = await world.account("ann")
    await world.set_options(auth_rule=None)
    with pytest.raises(Forbidden):
        await sign_in(world.auth, caller(), await world.find(account), "password")


async def test_a_hook_may_refuse(world: World) -> None:
    account, seen = await world.account("ann"), list[str]()

    @world.hooks.auth("users")
    async def refuse(event: AuthEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        seen.append(event.method)
        raise Forbidden("Not you.")

    with pytest.raises(Forbidden, match="Not you"):
        await sign_in(world.auth, caller(), account, "otp")
    assert seen == ["otp"]


async def test_superusers_come_from_admitted_addresses(world: World) -> None:
    def refuse(address: str) -> None:
        raise Forbidden(address)

    strict = replace(world.auth, admit_superuser=refuse)
    account = await world.account("root", SUPERUSERS)
    with pytest.raises(Forbidden, match=r"127\.0\.0\.1"):
        await sign_in(strict, caller(), account, "password")
    await sign_in(strict, caller(), await world.account("ann"), "password")


# --- second step ------------------------------------------------------------------------


async def _first_step(world: World) -> tuple[Record, str]:
    account = await world.account("ann")
    await world.set_options(mfa=MFA(enabled=True, duration=60), otp=OTP(enabled=True))
    account = await world.find(account)
    first = await sign_in(world.auth, caller(), account, "password")
    assert isinstance(first, OneStepLeft)
    return account, first.mfa_id


async def test_two_ways_sign_in(world: World) -> None:
    account, mfa_id = await _first_step(world)
    done = await sign_in(world.auth, caller(query={"mfaId": mfa_id}), account, "otp")
    assert isinstance(done, SignedIn)
    with pytest.raises(BadRequest, match="expired MFA"):
        await sign_in(world.auth, caller({"mfaId": mfa_id}), account, "otp")


async def test_a_first_step_counts_once_even_at_the_same_time(world: World) -> None:
    account, mfa_id = await _first_step(world)
    both = (sign_in(world.auth, caller({"mfaId": mfa_id}), account, "otp") for _ in range(2))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["BadRequest", "SignedIn"]


async def test_a_first_step_ends(world: World) -> None:
    account, mfa_id = await _first_step(world)
    world.time += 61
    with pytest.raises(BadRequest, match="expired MFA"):
        await sign_in(world.auth, caller({"mfaId": mfa_id}), account, "otp")
    assert len(await world.records("_mfas")) == 1
    await clean_mfas(world.auth)
    assert await world.records("_mfas") == []


async def test_current_first_steps_stay(world: World) -> None:
    await _first_step(world)
    world.time += 50
    await clean_mfas(world.auth)
    assert len(await world.records("_mfas")) == 1


async def test_a_first_step_is_one_account_s(world: World) -> None:
    _, mfa_id = await _first_step(world)
    other = await world.account("bob")
    with pytest.raises(BadRequest, match="Invalid MFA"):
        await sign_in(world.auth, caller({"mfaId": mfa_id}), other, "otp")


async def test_a_new_password_ends_first_steps_and_tokens(world: World) -> None:
    account, _ = await _first_step(world)
    new = {"password": await world.auth.passwords.hash("another", 4)}
    await world.auth.write(
        lambda tx: accounts.change(world.auth, tx, account, new, caller().facts, message="x")
    )
    assert await world.records("_mfas") == []
    assert (await world.find(account))["tokenKey"] != account["tokenKey"]


async def test_a_hook_may_change_what_a_flow_sets(world: World) -> None:
    @world.hooks.before_update("users")
    async def change(event: RecordEvent) -> None:  # pyright: ignore[reportUnusedFunction]
        event.record.values |= {"password": "set by a hook", "name": 1, "id": "other"}

    account = await world.account("ann")
    new = {"verified": True}
    await world.auth.write(
        lambda tx: accounts.change(world.auth, tx, account, new, caller().facts, message="x")
    )
    changed = await world.find(account)
    assert changed["name"] == "1" and changed["verified"] is True
    assert await world.auth.passwords.verify("set by a hook", changed["password"])
    assert changed["tokenKey"] != account["tokenKey"]


# --- places -----------------------------------------------------------------------------


async def _come_from(world: World, account: Record, agent: str) -> list[str]:
    world.outbox.sent.clear()
    await sign_in(world.auth, caller(agent=agent), account, "password")
    await world.auth.background.finish()
    world.time += 1
    return [message.to.email for message in world.outbox.sent]


async def test_only_new_places_are_told_of(world: World) -> None:
    account = await world.account("ann")
    assert await _come_from(world, account, "one") == []
    assert await _come_from(world, account, "one") == []
    assert await _come_from(world, account, "two") == ["ann@example.com"]
    assert await _come_from(world, account, "one") == []


async def test_the_place_is_text_in_the_mail(world: World) -> None:
    template = MailTemplate("Hi", "{APP_NAME} {ALERT_INFO} {RECORD:email} {RECORD:password}")
    await world.set_options(auth_alert=AuthAlert(enabled=True, email_template=template))
    account = await world.find(await world.account("ann"))
    await _come_from(world, account, "one")
    await _come_from(world, account, "<b>two</b>{TOKEN}")
    html = world.outbox.sent[0].html
    assert "127.0.0.1 &lt;b&gt;two&lt;/b&gt;{TOKEN} ann@example.com {RECORD:password}" in html


async def test_the_oldest_place_makes_room(world: World) -> None:
    account = await world.account("ann")
    for number in range(7):
        await _come_from(world, account, f"agent {number}")
    assert len(await world.records("_authOrigins")) == 5
    assert await _come_from(world, account, "agent 2") == []
    assert await _come_from(world, account, "agent 1") == ["ann@example.com"]


async def test_no_alerts_where_they_are_off(world: World) -> None:
    account = await world.account("ann")
    await world.set_options(auth_alert=AuthAlert())
    account = await world.find(account)
    await _come_from(world, account, "one")
    assert await _come_from(world, account, "two") == []
    assert await world.records("_authOrigins") == []


# --- mails ------------------------------------------------------------------------------


async def test_a_mail_goes_out_once_in_two_minutes(world: World) -> None:
    await world.account("ann")
    users = world.collection()
    for ask in (request_verification, request_password_reset):
        for _ in range(5):
            await ask(world.auth, users, {"email": "ann@example.com"})
    await world.auth.background.finish()
    assert len(world.outbox.sent) == 2


async def test_unknown_identities_hash_as_well(world: World) -> None:
    users = world.collection()
    with pytest.raises(BadRequest, match="Failed to authenticate"):
        await auth_with_password(
            world.auth, users, caller({"identity": "no@example.com", "password": PASSWORD})
        )


@pytest.mark.parametrize("value", [True, 1.5, "1", [], 1 << 63, -(1 << 63)])
async def test_numbers_are_whole_and_fit(value: object) -> None:
    with pytest.raises(BadRequest):
        forms.whole({"duration": value}, "duration")
