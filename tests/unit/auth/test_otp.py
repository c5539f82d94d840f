"""One-time passwords: what no comparison with PocketBase shows."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from tenfold.auth import SignedIn, auth_with_otp, clean_otps, linked, request_otp
from tenfold.errors import BadRequest, TooManyRequests
from tenfold.mail import Mail, MailFailed, Message
from tenfold.schema.auth_options import MFA, OTP, MailTemplate
from tests.unit.auth.conftest import World, caller

pytestmark = pytest.mark.anyio

OPTIONS = OTP(
    enabled=True,
    duration=180,
    length=6,
    email_template=MailTemplate(subject="Code {OTP}", body="<p>{OTP_ID} {OTP}</p>"),
)
ANN = "ann@example.com"


@pytest.fixture
async def room(world: World) -> World:
    """The auth room where users may sign in by mail."""
    await world.set_options(otp=OPTIONS)
    return world


async def ask(room: World, email: str = ANN) -> tuple[str, str]:
    """Id and code of a new one-time password; the code is "" where no mail came."""
    before = len(room.outbox.sent)
    otp_id = await request_otp(room.auth, room.collection(), {"email": email})
    await room.auth.background.finish()
    mails = room.outbox.sent[before:]
    codes = [re.search(r"Code (\d+)", mail.subject) for mail in mails]
    return otp_id, codes[0][1] if codes and codes[0] else ""


async def enter(room: World, otp_id: str, code: str, **body: Any) -> Any:
    who = caller({"otpId": otp_id, "password": code} | body, context="otp")
    return await auth_with_otp(room.auth, room.collection(), who)


async def test_a_code_by_mail(room: World) -> None:
    account = await room.account("ann")
    otp_id, code = await ask(room)
    assert len(code) == 6 and otp_id in room.outbox.sent[0].html
    done = await enter(room, otp_id, code)
    assert isinstance(done, SignedIn) and done.body["record"]["id"] == account.id
    assert (await room.find(account))["verified"]


async def test_codes_are_not_kept_in_the_open(room: World) -> None:
    await room.account("ann")
    _, code = await ask(room)
    (row,) = await room.records(linked.OTPS)
    assert row["password"].startswith("$2") and row["sentTo"] == ANN
    assert code not in str(row.values)


async def test_unknown_addresses_get_the_same_answer(room: World) -> None:
    await room.account("ann")
    known, _ = await ask(room)
    unknown, code = await ask(room, "nobody@example.com")
    assert re.fullmatch(r"[a-z0-9]{15}", known) and re.fullmatch(r"[a-z0-9]{15}", unknown)
    assert code == "" and len(await room.records(linked.OTPS)) == 1
    for otp_id in (known, unknown):
        statuses = list[type]()
        for _ in range(6):
            with pytest.raises((BadRequest, TooManyRequests)) as refused:
                await enter(room, otp_id, "wrong")
            statuses.append(refused.type)
        assert statuses == [BadRequest] * 5 + [TooManyRequests]


async def test_only_one_of_many_uses_counts(room: World) -> None:
    await room.account("ann", verified=True)
    otp_id, code = await ask(room)
    uses = (enter(room, otp_id, code) for _ in range(4))
    done = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(isinstance(one, BadRequest) for one in done) == 3


async def test_attempts_end_and_come_back(room: World) -> None:
    await room.account("ann")
    otp_id, code = await ask(room)
    for _ in range(5):
        with pytest.raises(BadRequest):
            await enter(room, otp_id, "000")
    with pytest.raises(TooManyRequests):
        await enter(room, otp_id, code)


async def test_codes_end(room: World) -> None:
    await room.account("ann")
    otp_id, code = await ask(room)
    room.time += 181
    with pytest.raises(BadRequest):
        await enter(room, otp_id, code)
    assert len(await room.records(linked.OTPS)) == 1
    await clean_otps(room.auth)
    assert await room.records(linked.OTPS) == []


async def test_clean_leaves_what_still_counts(room: World) -> None:
    await room.account("ann")
    otp_id, code = await ask(room)
    room.time += 100
    await clean_otps(room.auth)
    assert isinstance(await enter(room, otp_id, code), SignedIn)


async def test_no_inbox_is_flooded(room: World) -> None:
    await room.account("ann")
    ids = {(await ask(room))[0] for _ in range(13)}
    assert len(ids) == 13 and len(room.outbox.sent) == 10


async def test_what_could_not_be_mailed_is_no_password(room: World) -> None:
    class Broken(Mail):
        async def send(self, message: Message) -> None:
            raise MailFailed("no server")

    await room.account("ann")
    await request_otp(replace(room.auth, mail=Broken()), room.collection(), {"email": ANN})
    await room.auth.background.finish()
    assert await room.records(linked.OTPS) == []


async def test_a_code_counts_in_its_collection_only(room: World) -> None:
    await room.account("ann")
    otp_id, code = await ask(room)
    await room.set_options("_superusers", otp=OPTIONS)
    who = caller({"otpId": otp_id, "password": code}, context="otp")
    with pytest.raises(BadRequest):
        await auth_with_otp(room.auth, room.collection("_superusers"), who)
    assert isinstance(await enter(room, otp_id, code), SignedIn)


async def test_someone_else_s_first_step_saves_no_squatter(room: World) -> None:
    """Only a first step of the same account spares its password."""
    await room.set_options(mfa=MFA(enabled=True, duration=300))
    ann, eve = await room.account("ann"), await room.account("eve")

    async def begin(tx: Any) -> None:
        await tx.insert(linked.draft(tx, linked.MFAS, eve, room.auth.now(), method="password"))

    await room.store.write(begin)
    (mfa,) = await room.records(linked.MFAS)
    otp_id, code = await ask(room)
    with pytest.raises(BadRequest, match="MFA"):
        await enter(room, otp_id, code, mfaId=mfa.id)
    assert (await room.find(ann))["password"] != ann["password"]
