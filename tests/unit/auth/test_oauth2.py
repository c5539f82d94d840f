"""Signing in by OAuth2: what no comparison with PocketBase shows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from tenfold.auth import OneStepLeft, SignedIn, linked
from tenfold.auth.oauth2 import AppleNames, Fetcher, OAuth2Client, OAuth2SignIn, offers
from tenfold.auth.oauth2.offer import challenge
from tenfold.bus.memory import MemoryBus
from tenfold.errors import BadRequest
from tenfold.schema.actor import Actor
from tenfold.schema.auth_options import MFA, OAuth2, OAuth2Fields, OAuth2Provider
from tenfold.schema.record import Record
from tests.unit.auth.conftest import World, caller
from tests.unit.auth.oidc_provider import PNG, Provider, running

pytestmark = pytest.mark.anyio


@dataclass
class Place:
    """The auth room and a provider it knows."""

    world: World
    idp: Provider
    sign_in: OAuth2SignIn

    def be(self, sub: str, **claims: Any) -> None:
        said = {"sub": sub, "name": "N", "email": f"{sub}@x.example", "email_verified": True}
        self.idp.user.clear()
        self.idp.user.update(said | claims)

    async def enter(self, actor: Record | None = None, **body: Any) -> dict[str, Any]:
        """Sign in; the answer's body."""
        who = caller({"provider": "oidc", "code": "c"} | body, context="oauth2")
        if actor is not None:
            facts = msgspec.structs.replace(who.facts, actor=Actor(actor, is_superuser=False))
            who = replace(who, facts=facts)
        done = await self.sign_in(self.world.collection(), who)
        assert isinstance(done, SignedIn), done
        return done.body

    async def links(self) -> list[tuple[str, str]]:
        found = await self.world.records(linked.EXTERNAL_AUTHS)
        return sorted((link["provider"], link["providerId"]) for link in found)


@pytest.fixture
def idp() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
async def place(world: World, idp: Provider) -> AsyncGenerator[Place]:
    names = ("oidc", "oidc2", "github", "apple")
    providers = tuple(
        OAuth2Provider(
            name=name,
            client_id="the client",
            client_secret="secret",
            extra={"jwksURL": f"{idp.url}/jwks"} if name == "apple" else {},
            auth_url=f"{idp.url}/authorize",
            token_url=f"{idp.url}/token",
            user_info_url=f"{idp.url}/userinfo",
        )
        for name in names
    )
    fields = OAuth2Fields(name="name", avatar_url="avatar")
    await world.set_options(oauth2=OAuth2(enabled=True, providers=providers, mapped_fields=fields))
    bus = MemoryBus()
    await bus.open()
    apple_names = AppleNames(bus, clock=lambda: world.time)
    apple_names.start()
    fetcher = Fetcher(may_reach=lambda _: True)
    client = OAuth2Client(fetcher, clock=lambda: world.time)
    yield Place(world, idp, OAuth2SignIn(world.auth, client, apple_names))
    await fetcher.close()
    await bus.close()


def reason(refused: pytest.ExceptionInfo[BadRequest]) -> tuple[str, list[str]]:
    return refused.value.message, sorted(refused.value.errors)


# --- pictures ---------------------------------------------------------------------------


async def test_the_picture_comes_along(place: Place) -> None:
    place.be("ann", picture=f"{place.idp.url}/avatar.png")
    record = (await place.enter())["record"]
    assert record["avatar"].startswith("avatar_") and record["avatar"].endswith(".png")
    stored = await place.world.records("users")
    assert stored[0]["avatar"] == record["avatar"]
    await place.enter()
    assert [seen.path for seen in place.idp.seen].count("/avatar.png") == 1


@pytest.mark.parametrize("fault", ["no picture", "huge", "gone", "no address", "refused"])
async def test_a_bad_picture_turns_nobody_away(place: Place, fault: str) -> None:
    url = f"{place.idp.url}/avatar.png"
    if fault == "no picture":
        place.idp.bodies["/avatar.png"] = b"MZ not a picture at all"
    if fault == "huge":
        place.idp.bodies["/avatar.png"] = PNG + b"x" * (6 << 20)
    if fault == "gone":
        place.idp.statuses["/avatar.png"] = 404
    place.be("ann", picture={"no address": "::", "refused": "http://127.0.0.1:1/x"}.get(fault, url))
    assert (await place.enter())["record"]["avatar"] == ""


async def test_the_client_s_own_picture_wins(place: Place) -> None:
    place.be("ann", picture=f"{place.idp.url}/avatar.png")
    await place.enter(createData={"avatar": ""})
    assert "/avatar.png" not in [seen.path for seen in place.idp.seen]


# --- accounts ---------------------------------------------------------------------------


async def test_the_link_of_a_deleted_account_is_gone(place: Place) -> None:
    place.be("ann")
    first = (await place.enter())["record"]["id"]
    root = await place.world.account("root", "_superusers")
    facts = msgspec.structs.replace(caller().facts, actor=Actor(root, is_superuser=True))
    await place.world.auth.writes.delete(place.world.collection(), first, facts)
    assert await place.links() == []
    assert (await place.enter())["record"]["id"] != first


async def test_nobody_is_everybody(place: Place) -> None:
    """A provider that lost the id does not make one account of all its users."""
    place.idp.user.update({"id": 0, "login": "x"})
    place.idp.emails = []
    with pytest.raises(BadRequest) as refused:
        await place.enter(provider="github", createData={"email": "a@x.example"})
    assert reason(refused) == ("Failed to authenticate.", ["providerId"])
    assert await place.world.records("users") == []


async def test_an_address_the_provider_does_not_vouch_for_opens_nothing(place: Place) -> None:
    await place.world.account("ann", verified=True)
    place.be("eve", email="ann@example.com", email_verified=False)
    with pytest.raises(BadRequest) as refused:
        await place.enter()
    assert reason(refused) == ("Failed to create record.", ["email"])
    with pytest.raises(BadRequest) as refused:
        await place.enter(createData={"email": "ann@example.com"})
    assert reason(refused) == ("Failed to create record.", ["email"])
    assert await place.links() == []


async def test_a_squatter_is_shut_out(place: Place) -> None:
    squatted = await place.world.account("ann")
    place.be("eve", email="eve@x.example")
    await place.enter(squatted, provider="oidc2")
    place.be("ann", email="ann@example.com")
    assert (await place.enter())["record"]["id"] == squatted.id
    now = await place.world.find(squatted)
    assert now["verified"] and now["password"] != squatted["password"]
    assert now["tokenKey"] != squatted["tokenKey"]
    assert await place.links() == [("oidc", "ann")]


async def test_no_account_without_its_link(place: Place) -> None:
    """Record and link are stored together."""
    place.be("ann")
    await place.enter()
    place.be("new", email="ann@x.example")
    with pytest.raises(BadRequest) as refused:
        await place.enter()
    assert "provider" in refused.value.errors
    assert len(await place.world.records("users")) == 1
    assert await place.links() == [("oidc", "ann")]


async def test_one_s_own_account_is_verified(place: Place) -> None:
    account = await place.world.account("ann")
    place.be("ann", email="ann@example.com")
    answer = await place.enter(account)
    assert answer["record"]["verified"] and not answer["meta"]["isNew"]


# --- two steps --------------------------------------------------------------------------


async def test_second_step(place: Place) -> None:
    await place.world.set_options(mfa=MFA(enabled=True, duration=300))
    place.be("ann")
    who = caller({"provider": "oidc", "code": "c"}, context="oauth2")
    first = await place.sign_in(place.world.collection(), who)
    assert isinstance(first, OneStepLeft)


# --- Apple ------------------------------------------------------------------------------


def apple_token(place: Place, **changes: Any) -> str:
    claims = {
        "iss": "https://appleid.apple.com",
        "aud": "the client",
        "sub": "apple-1",
        "exp": int(place.world.time) + 600,
        "iat": int(place.world.time),
        "email": "ann@x.example",
        "email_verified": "true",
    }
    return place.idp.id_token(claims | changes)


async def test_apple(place: Place) -> None:
    place.idp.token["id_token"] = apple_token(place)
    await place.sign_in.names.note("the code", "Ann Lee")
    answer = await place.enter(provider="apple", code="the code")
    assert answer["meta"]["name"] == answer["record"]["name"] == "Ann Lee"
    assert answer["record"]["email"] == "ann@x.example" and answer["record"]["verified"]
    assert [seen.path for seen in place.idp.seen] == ["/token", "/jwks"]


@pytest.mark.parametrize("changes", [{"iss": "https://evil.example"}, {"aud": "x"}, {"exp": 1}])
async def test_apple_s_token_is_held_to_its_claims(place: Place, changes: dict[str, Any]) -> None:
    place.idp.token["id_token"] = apple_token(place, **changes)
    with pytest.raises(BadRequest, match="OAuth2 user"):
        await place.enter(provider="apple")


async def test_names_are_kept_for_a_minute_and_once(place: Place) -> None:
    names = place.sign_in.names
    await names.note("a", "Ann")
    assert (names.take("a"), names.take("a")) == ("Ann", "")
    await names.note("b", "Bob")
    place.world.time += 61
    assert names.take("b") == ""
    for number in range(1_100):
        await names.note(str(number), "x")
    assert names.take("0") == "" and names.take("1099") == "x"


# --- offers -----------------------------------------------------------------------------


async def test_each_offer_is_new(place: Place) -> None:
    first, second = (offers(place.world.collection())[0] for _ in range(2))
    assert first["state"] != second["state"]
    assert first["codeVerifier"] != second["codeVerifier"]
    assert first["codeChallenge"] == challenge(first["codeVerifier"])


def test_challenge_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
