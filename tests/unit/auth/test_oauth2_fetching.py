"""Servers that are slow, big, or lead inside."""

from __future__ import annotations

import gzip
from collections.abc import AsyncGenerator, Iterator
from ipaddress import ip_address

import pytest

from tenfold.auth.oauth2 import fetching
from tenfold.auth.oauth2.fetching import Fetcher
from tenfold.auth.oauth2.profile import ProviderFailed
from tenfold.auth.oauth2.public_addresses import is_public
from tests.unit.auth.oidc_provider import PNG, Provider, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def idp() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
async def fetcher(anyio_backend: str) -> AsyncGenerator[Fetcher]:
    del anyio_backend
    made = Fetcher(time_limit_s=10, may_reach=lambda _: True)
    yield made
    await made.close()


@pytest.fixture
async def careful(anyio_backend: str) -> AsyncGenerator[Fetcher]:
    del anyio_backend
    made = Fetcher()
    yield made
    await made.close()


async def get(fetcher: Fetcher, url: str) -> fetching.Fetched:
    return await fetcher.fetch("GET", url, headers={"authorization": "Bearer x"}, follow=True)


async def test_a_picture(fetcher: Fetcher, idp: Provider) -> None:
    url = idp.url.replace("127.0.0.1", "localhost")
    found = await fetcher.fetch_public(f"{url}/avatar.png", 10_000)
    assert (found.status, found.content_type, found.body) == (200, "image/png", PNG)
    assert idp.seen[0].headers["host"].startswith("localhost:")


async def test_slow_ones_are_left(idp: Provider, anyio_backend: str) -> None:
    del anyio_backend
    fetcher = Fetcher(time_limit_s=0.3)
    idp.delays_s["/userinfo"] = 2
    with pytest.raises(ProviderFailed, match="in time"):
        await get(fetcher, f"{idp.url}/userinfo")
    await fetcher.close()


async def test_long_ones_are_cut(fetcher: Fetcher, idp: Provider) -> None:
    idp.bodies["/userinfo"] = b"x" * (fetching.ANSWER_LIMIT_BYTES + 1)
    with pytest.raises(ProviderFailed, match="too long"):
        await get(fetcher, f"{idp.url}/userinfo")
    with pytest.raises(ProviderFailed, match="too long"):
        await fetcher.fetch_public(f"{idp.url}/avatar.png", len(PNG) - 1)


async def test_packed_ones_are_not_unpacked(fetcher: Fetcher, idp: Provider) -> None:
    idp.bodies["/userinfo"] = gzip.compress(b"x" * 50_000_000)
    idp.headers["/userinfo"] = {"content-encoding": "gzip"}
    with pytest.raises(ProviderFailed, match="packed"):
        await get(fetcher, f"{idp.url}/userinfo")


async def test_circles_end(fetcher: Fetcher, idp: Provider) -> None:
    idp.redirects["/userinfo"] = "/userinfo"
    with pytest.raises(ProviderFailed, match="redirects"):
        await get(fetcher, f"{idp.url}/userinfo")
    with pytest.raises(ProviderFailed, match="redirects"):
        await fetcher.fetch_public(f"{idp.url}/userinfo", 9)
    assert len(idp.seen) == 2 * (fetching.MAX_REDIRECTS + 1)


async def test_a_token_stays_with_its_host(fetcher: Fetcher, idp: Provider) -> None:
    elsewhere = idp.url.replace("127.0.0.1", "localhost")
    idp.redirects |= {"/userinfo": "/here", "/here": f"{elsewhere}/jwks"}
    assert (await get(fetcher, f"{idp.url}/userinfo")).is_success
    told = [(seen.path, seen.headers.get("authorization")) for seen in idp.seen]
    assert told == [("/userinfo", "Bearer x"), ("/here", "Bearer x"), ("/jwks", None)]


async def test_a_secret_is_not_passed_on(fetcher: Fetcher, idp: Provider) -> None:
    idp.redirects["/token"] = "/userinfo"
    answer = await fetcher.fetch("POST", f"{idp.url}/token", headers={}, content=b"secret")
    assert answer.status == 302 and len(idp.seen) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "/x",
        "ftp://a/b",
        "file:///etc/passwd",
        "http://",
        "http://[",
        "http://a\n.b",
        "data:,x",
    ],
)
async def test_addresses_that_are_none(careful: Fetcher, url: str) -> None:
    with pytest.raises(ProviderFailed):
        await careful.fetch_public(url, 100)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1"],
)
async def test_nothing_inside_is_reached(careful: Fetcher, idp: Provider, host: str) -> None:
    port = idp.url.rpartition(":")[2]
    with pytest.raises(ProviderFailed):
        await careful.fetch_public(f"http://{host}:{port}/avatar.png", 10_000)
    assert idp.seen == []


async def test_a_redirect_does_not_lead_inside(idp: Provider, anyio_backend: str) -> None:
    del anyio_backend
    first = ip_address("127.0.0.1")
    fetcher = Fetcher(may_reach=lambda address: address == first)
    idp.redirects["/avatar.png"] = idp.url.replace("127.0.0.1", "127.0.0.2") + "/jwks"
    with pytest.raises(ProviderFailed, match="not a public one"):
        await fetcher.fetch_public(f"{idp.url}/avatar.png", 10_000)
    await fetcher.close()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(ip_address(address)) is expected
