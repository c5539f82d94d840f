"""Accounts over HTTP, with a real mail server: links, alerts, the installer, storms."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.targets import EMAIL, PASSWORD, Tenfold
from tests.unit.mail.smtp_server import Inbox, in_thread

USERS = "/api/collections/users"
SUPERUSERS = "/api/collections/_superusers"
SECRET = "a-long-password-1"
TEMPLATES = ("verification", "password-reset", "email-change", "otp", "login-alert")
_LINK = re.compile(r"/_/#/auth/([a-z-]+)/([\w-]+\.[\w-]+\.[\w-]+)")


@dataclass
class Service:
    """A server with two workers, a client that is a superuser, and the mails it sent."""

    server: Tenfold
    root: httpx.Client
    guest: httpx.Client
    inbox: Inbox

    def account(self, name: str) -> dict[str, Any]:
        body = {"email": f"{name}@example.com", "password": SECRET, "passwordConfirm": SECRET}
        answer = self.root.post(f"{USERS}/records", json=body)
        return answer.raise_for_status().json()

    def sign_in(self, name: str, password: str = SECRET, agent: str = "test") -> httpx.Response:
        body = {"identity": f"{name}@example.com", "password": password}
        headers = {"user-agent": agent}
        return self.guest.post(f"{USERS}/auth-with-password", json=body, headers=headers)

    def mail_to(self, name: str) -> EmailMessage:
        """The only mail to someone; waits for it."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = [m for m in self.inbox.mails if m["To"] == f"{name}@example.com"]
            if found:
                time.sleep(0.2)
                assert [m for m in self.inbox.mails if m["To"] == f"{name}@example.com"] == found
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no mail to {name}")

    def link_to(self, name: str) -> tuple[str, str]:
        """The page and the token of the link in that mail."""
        html = self.mail_to(name).get_body(("html",))
        found = _LINK.search(html.get_content()) if html else None
        assert found is not None
        return found[1], found[2]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    server = Tenfold(tmp_path_factory.mktemp("auth") / "data", workers=2)
    with server, in_thread() as inbox:
        with httpx.Client(base_url=server.url, timeout=90) as root:
            root.headers["Authorization"] = server.token
            smtp = {"enabled": True, "host": "127.0.0.1", "port": inbox.port, "username": ""}
            root.patch("/api/settings", json={"smtp": smtp}).raise_for_status()
            with httpx.Client(base_url=server.url, timeout=90) as guest:
                yield Service(server, root, guest, inbox)


def test_verification_by_mail(service: Service) -> None:
    account = service.account("ann")
    for _ in range(3):
        body = {"email": "ann@example.com"}
        assert service.guest.post(f"{USERS}/request-verification", json=body).status_code == 204
    page, token = service.link_to("ann")
    assert page == "confirm-verification"
    answer = service.guest.post(f"{USERS}/{page}", json={"token": token})
    assert answer.status_code == 204
    assert service.root.get(f"{USERS}/records/{account['id']}").json()["verified"] is True


def test_reset_by_mail(service: Service) -> None:
    service.account("bob")
    old = service.sign_in("bob").json()["token"]
    service.guest.post(f"{USERS}/request-password-reset", json={"email": "bob@example.com"})
    page, token = service.link_to("bob")
    new = {"token": token, "password": "another-one-2", "passwordConfirm": "another-one-2"}
    assert service.guest.post(f"{USERS}/{page}", json=new).status_code == 204
    assert service.guest.post(f"{USERS}/{page}", json=new).status_code == 400
    assert service.sign_in("bob").status_code == 400
    assert service.sign_in("bob", "another-one-2").status_code == 200
    assert _refresh(service, old).status_code == 401


def test_email_change_by_mail(service: Service) -> None:
    service.account("cat")
    token = service.sign_in("cat").json()["token"]
    service.guest.post(
        f"{USERS}/request-email-change",
        json={"newEmail": "kitten@example.com"},
        headers={"Authorization": token},
    )
    page, link = service.link_to("kitten")
    body = {"token": link, "password": SECRET}
    assert service.guest.post(f"{USERS}/{page}", json=body).status_code == 204
    assert service.sign_in("cat").status_code == 400
    assert service.sign_in("kitten").json()["record"]["verified"] is True
    assert _refresh(service, token).status_code == 401


def test_a_sign_in_from_elsewhere_is_told_of(service: Service) -> None:
    service.account("dan")
    service.sign_in("dan", agent="home")
    service.sign_in("dan", agent="far <away>")
    text = service.mail_to("dan").get_body(("plain",))
    assert text is not None and "127.0.0.1 far <away>" in text.get_content()


def test_test_mails(service: Service) -> None:
    for template in TEMPLATES:
        to = f"test-{template}"
        body = {"email": f"{to}@example.com", "template": template, "collection": "users"}
        assert service.root.post("/api/settings/test/email", json=body).status_code == 204
        assert service.mail_to(to)["From"] == "Support <support@example.com>"


def test_no_mail_where_there_is_no_account(service: Service) -> None:
    for end in ("request-verification", "request-password-reset"):
        body = {"email": "stranger@example.com"}
        assert service.guest.post(f"{USERS}/{end}", json=body).status_code == 204
    time.sleep(0.3)
    assert not [m for m in service.inbox.mails if m["To"] == "stranger@example.com"]


def _refresh(service: Service, token: str) -> httpx.Response:
    headers = {"Authorization": token, "connection": "close"}
    return service.guest.post(f"{USERS}/auth-refresh", headers=headers)


def test_a_token_ends_in_all_workers(service: Service) -> None:
    account = service.account("eve")
    token = service.sign_in("eve").json()["token"]
    assert {_refresh(service, token).status_code for _ in range(20)} == {200}
    new = {"password": "another-one-2", "passwordConfirm": "another-one-2"}
    service.root.patch(f"{USERS}/records/{account['id']}", json=new).raise_for_status()
    assert {_refresh(service, token).status_code for _ in range(20)} == {401}


def test_strangers_take_as_long_as_wrong_passwords(service: Service) -> None:
    service.account("fay")

    def took(name: str) -> float:
        started = time.perf_counter()
        assert service.sign_in(name, "wrong").json()["message"] == "Failed to authenticate."
        return time.perf_counter() - started

    took("fay")
    real = min(took("fay") for _ in range(3))
    stranger = min(took("nobody") for _ in range(3))
    assert 0.5 < stranger / real < 2


def test_a_storm_of_sign_ins_slows_down_nobody_else(service: Service) -> None:
    service.account("gil")
    answered = 0
    with ThreadPoolExecutor(40) as pool:
        storm = [pool.submit(service.sign_in, "gil", "wrong") for _ in range(40)]
        while not all(request.done() for request in storm):
            assert service.root.get(f"{USERS}/records?perPage=1").status_code == 200
            answered += 1
        assert {request.result().status_code for request in storm} <= {400, 503}
    assert answered > 5, "reads are answered while passwords are being hashed"


@pytest.mark.parametrize(
    "body",
    [
        b'{"identity":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"identity":"' + b"x" * 1_000_000 + b'","password":"' + b"x" * 1_000_000 + b'"}',
        b'{"identity":"\xff","password":"x"}',
        b'{"identity":"\\ud800","password":"\\udfff"}',
        b'{"identity":"a","password":"b","identityField":"password"}',
        b'{"identity":"a","password":"b","identityField":"tokenKey"}',
    ],
)
def test_hostile_bodies(service: Service, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    for end in ("auth-with-password", "confirm-password-reset", "request-verification"):
        answer = service.guest.post(f"{USERS}/{end}", content=body, headers=headers)
        assert answer.status_code == 400


@pytest.mark.parametrize("token", ["x" * 10_000, "." * 5_000, "é.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_hostile_tokens(service: Service, token: str) -> None:
    answer = service.guest.post(f"{USERS}/confirm-verification", json={"token": token})
    assert answer.status_code == 400
    headers = {b"Authorization": token.encode()}
    answer = service.guest.post(f"{USERS}/auth-refresh", headers=headers)
    assert answer.status_code == 401


def test_clean_up_crons_run(service: Service) -> None:
    names = {cron["id"] for cron in service.root.get("/api/crons").json()}
    assert {"__pbMFACleanup__", "__pbOTPCleanup__"} <= names
    for name in ("__pbMFACleanup__", "__pbOTPCleanup__"):
        assert service.root.post(f"/api/crons/{name}").status_code == 204


def test_the_installer_makes_the_first_superuser(tmp_path: Path) -> None:
    server = Tenfold(tmp_path / "data")
    server.start()
    try:
        found = re.search(r"/_/#/pbinstal/(\S+)", server.log_text())
        assert found is not None
        headers = {"Authorization": found[1]}
        body = {"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            answer = client.post(f"{SUPERUSERS}/records", json=body)
            assert answer.status_code == 200
            assert client.get(f"{SUPERUSERS}/records").status_code == 403
            client.headers["Authorization"] = server.token
            records = client.get(f"{SUPERUSERS}/records").json()["items"]
            assert [record["email"] for record in records] == [EMAIL]
    finally:
        server.stop()
    assert "pbinstal" not in _greeting(server)


def _greeting(server: Tenfold) -> str:
    """What the server says at another start."""
    before = len(server.log_text())
    server.start()
    server.stop()
    return server.log_text()[before:]


def test_the_command_line_signs_in_too(tmp_path: Path) -> None:
    server = Tenfold(tmp_path / "data")
    with server:
        new = [server.program(), "superuser", "update", EMAIL, "changed-1234", "--dir"]
        old = server.token
        server.run([*new, str(server.dir)])
        answer = httpx.post(
            f"{server.url}{SUPERUSERS}/auth-refresh", headers={"Authorization": old}
        )
        assert answer.status_code == 401
        body = {"identity": EMAIL, "password": "changed-1234"}
        assert httpx.post(f"{server.url}{SUPERUSERS}/auth-with-password", json=body).is_success
