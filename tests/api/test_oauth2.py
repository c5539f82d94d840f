"""The OAuth2 redirect page, links at providers, and hostile bodies, over HTTP to two workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.planted import plant
from tests.targets import EMAIL, PASSWORD, Tenfold
from tests.unit.auth.oidc_provider import Provider, running

MEMBERS = "/api/collections/members"
REDIRECT = "/api/oauth2-redirect"
SUCCESS = "../_/#/auth/oauth2-redirect-success"
FAILURE = "../_/#/auth/oauth2-redirect-failure"
APPLE_USER = '{"name":{"firstName":"Ann","lastName":"Lee"},"email":"ann@x.example"}'


def members(url: str) -> dict[str, Any]:
    """An auth collection with a provider at `url`."""
    providers = [
        {
            "name": name,
            "clientId": "c",
            "clientSecret": "s",
            "authURL": f"{url}/authorize",
            "tokenURL": f"{url}/token",
            "userInfoURL": f"{url}/userinfo",
        }
        for name in ("oidc", "github")
    ]
    return {
        "name": "members",
        "type": "auth",
        "createRule": "",
        "oauth2": {"enabled": True, "providers": providers},
        "authAlert": {"enabled": False},
    }


@dataclass
class Service:
    """A server with two workers and the provider that it asks."""

    server: Tenfold
    idp: Provider

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.server.url, timeout=20)

    def enter(self, **body: Any) -> httpx.Response:
        sent = {"provider": "oidc", "code": "c", "codeVerifier": "v", "redirectURL": "http://x/y"}
        with self.client() as client:
            return client.post(f"{MEMBERS}/auth-with-oauth2", json=sent | body)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    server = Tenfold(tmp_path_factory.mktemp("oauth2") / "data", workers=2)
    with ExitStack() as stack:
        idp = stack.enter_context(running())
        plant(server.dir, [members(idp.url)])
        stack.enter_context(server)
        yield Service(server, idp)


@dataclass
class Listener:
    """A realtime client that waits for what a provider says."""

    id: str
    lines: Iterator[str]

    def message(self) -> dict[str, Any]:
        for line in self.lines:
            if line.startswith("data:") and "clientId" not in line:
                return json.loads(line[5:])
        raise AssertionError("the stream ended")


@pytest.fixture
def listener(service: Service) -> Iterator[Listener]:
    with service.client() as client, client.stream("GET", "/api/realtime") as stream:
        lines = stream.iter_lines()
        first = next(line for line in lines if line.startswith("data:"))
        made = Listener(json.loads(first[5:])["clientId"], lines)
        body = {"clientId": made.id, "subscriptions": ["@oauth2"]}
        with service.client() as other:
            assert other.post("/api/realtime", json=body).status_code == 204
        yield made


def test_a_code_reaches_who_waits_for_it_once(service: Service, listener: Listener) -> None:
    """Each request is a new connection, so both workers get some of them."""
    url = service.server.url + REDIRECT
    first = httpx.get(url, params={"state": listener.id, "code": 'a"b'})
    assert (first.status_code, first.headers["location"]) == (307, SUCCESS)
    assert listener.message() == {"state": listener.id, "code": 'a"b'}
    again = [httpx.get(url, params={"state": listener.id, "code": "c"}) for _ in range(4)]
    assert {answer.headers["location"] for answer in again} == {FAILURE}


def test_a_form_post_is_followed_by_a_get(service: Service, listener: Listener) -> None:
    form = {"state": listener.id, "code": "0123", "user": APPLE_USER}
    answer = httpx.post(service.server.url + REDIRECT, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, SUCCESS)
    assert listener.message() == {"state": listener.id, "code": "0123"}


def test_a_refusal_is_told_too(service: Service, listener: Listener) -> None:
    query = {"state": listener.id, "error": "access_denied"}
    answer = httpx.get(service.server.url + REDIRECT, params=query)
    assert answer.headers["location"] == FAILURE
    assert listener.message() == {"state": listener.id, "code": "", "error": "access_denied"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"state=%00&code=%ff", b"state=" + b"x" * 70_000, b'{"state":{},"code":[]}'],
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "x"])
def test_hostile_redirects(service: Service, body: bytes, kind: str) -> None:
    headers = {"content-type": kind}
    answer = httpx.post(service.server.url + REDIRECT, content=body, headers=headers)
    assert answer.status_code in (303, 413)
    assert answer.status_code == 413 or answer.headers["location"] == FAILURE


def test_links_are_the_account_s_to_see_and_cut(service: Service) -> None:
    idp = service.idp
    idp.user = {"sub": "ann", "email": "ann@x.example", "email_verified": True}
    ann = service.enter().json()
    idp.user = {"sub": "bob", "email": "bob@x.example", "email_verified": True}
    bob = service.enter().json()
    path = "/api/collections/_externalAuths/records"
    with service.client() as client:
        asked = {who["record"]["id"]: {"Authorization": who["token"]} for who in (ann, bob)}
        for account, headers in asked.items():
            items = client.get(path, headers=headers).json()["items"]
            assert [item["recordRef"] for item in items] == [account]
        own = client.get(path, headers={"Authorization": ann["token"]}).json()["items"][0]["id"]
        assert client.get(path).json()["items"] == []
        foreign = client.delete(f"{path}/{own}", headers={"Authorization": bob["token"]})
        assert foreign.status_code == 404
        cut = client.delete(f"{path}/{own}", headers={"Authorization": ann["token"]})
        assert cut.status_code == 204
    idp.user = {"sub": "ann", "email": "ann@x.example", "email_verified": True}
    assert service.enter().json()["record"]["id"] == ann["record"]["id"]


def test_one_new_user_comes_in_twice_at_once(service: Service) -> None:
    service.idp.user = {"sub": "twin", "email": "twin@x.example", "email_verified": True}
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(service.enter) for _ in range(4)]
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} <= {200, 400}
    ids = {answer.json()["record"]["id"] for answer in answers if answer.status_code == 200}
    assert len(ids) == 1


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\xff" * 100,
        b"[" * 200_000,
        b'{"access_token":"' + b"a" * 2_000_000,
        b'{"access_token":"a","expires_in":1e400}',
        b'{"access_token":"a","id_token":{}}',
        b'{"sub":"\\ud800"}',
        b'{"sub":"s","email":"x@x.example\\u0000","email_verified":true}',
        b'{"sub":"' + b"s" * 1_900 + b'","email":"long@x.example","email_verified":true}',
        b'{"sub":1e999}',
    ],
)
def test_hostile_providers(service: Service, path: str, answer: bytes) -> None:
    service.idp.bodies[path] = answer
    try:
        assert service.enter().status_code in (200, 400)
    finally:
        service.idp.bodies.clear()


def test_the_secret_stays_inside(service: Service) -> None:
    shown = httpx.get(f"{service.server.url}{MEMBERS}/auth-methods").text
    assert "clientSecret" not in shown and '"s"' not in shown
    with service.client() as client:
        body = {"identity": EMAIL, "password": PASSWORD}
        token = client.post("/api/collections/_superusers/auth-with-password", json=body)
        headers = {"Authorization": token.json()["token"]}
        listed = client.get("/api/collections/meta/oauth2-providers", headers=headers).json()
    assert len(listed) == 32 and all(one["logo"].startswith("<svg") for one in listed)
