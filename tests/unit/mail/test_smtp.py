import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenfold.mail import MailFailed
from tenfold.mail import smtp as smtp_module
from tenfold.mail.smtp import SmtpMail, SmtpServer
from tests.contracts.mail import MailSuite, Received, message, text_of
from tests.unit.mail.smtp_server import Inbox, certificate, running

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with running() as inbox:
        yield inbox


class TestSmtpMail(MailSuite):
    @pytest.fixture
    def mail(self, inbox: Inbox) -> SmtpMail:
        return SmtpMail(SmtpServer("127.0.0.1", inbox.port))

    @pytest.fixture
    def received(self, inbox: Inbox) -> Received:
        return lambda: inbox.mails

    async def test_html_is_whole(self, mail: SmtpMail, received: Received) -> None:
        await mail.send(message())
        (got,) = received()
        html = got.get_body(("html",))
        assert html is not None and "Zoë &amp; co" in html.get_content()
        assert got["Message-ID"].endswith("@example.com>")
        assert got["Date"]


async def test_local_name_is_said(inbox: Inbox) -> None:
    await SmtpMail(SmtpServer("127.0.0.1", inbox.port, local_name="me.example")).send(message())
    assert inbox.hello == ["me.example"]


async def test_refusal_is_told(inbox: Inbox) -> None:
    with pytest.raises(MailFailed, match="not this one"):
        await SmtpMail(SmtpServer("127.0.0.1", inbox.port)).send(message(subject="refuse"))


@pytest.mark.parametrize("method", ["", "PLAIN", "LOGIN"])
async def test_signs_in(method: str) -> None:
    async with running(auth_required=True, auth_require_tls=False) as inbox:
        server = SmtpServer("127.0.0.1", inbox.port, "me", "right", method)
        await SmtpMail(server).send(message())
    assert inbox.sign_ins == [(method or "PLAIN", "me")]


async def test_wrong_password_fails_without_telling_it() -> None:
    async with running(auth_required=True, auth_require_tls=False) as inbox:
        server = SmtpServer("127.0.0.1", inbox.port, "me", "wr0ng-one")
        with pytest.raises(MailFailed) as caught:
            await SmtpMail(server).send(message())
    assert "wr0ng-one" not in str(caught.value) + repr(server)


async def test_password_is_not_sent_in_the_clear(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "_is_loopback", lambda host: False)  # type: ignore[reportUnknownLambdaType]
    with pytest.raises(MailFailed, match="no TLS"):
        await SmtpMail(SmtpServer("127.0.0.1", inbox.port, "me", "right")).send(message())
    assert inbox.mails == []


async def test_starttls_is_used_where_offered(tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    async with running(tls_context=server, require_starttls=True) as inbox:
        mail = SmtpMail(SmtpServer("127.0.0.1", inbox.port), tls_context=client)
        await mail.send(message())
    assert inbox.was_encrypted == [True]
    assert "Zoë" in text_of(inbox.mails[0])


async def test_unknown_certificate_is_refused(tmp_path: Path) -> None:
    server, _ = certificate(tmp_path)
    async with running(tls_context=server) as inbox:
        with pytest.raises(MailFailed, match="certificate"):
            await SmtpMail(SmtpServer("127.0.0.1", inbox.port)).send(message())
    assert inbox.mails == []


async def test_silent_server_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail = SmtpMail(SmtpServer("127.0.0.1", silent.getsockname()[1]), timeout_s=0.3)
        async with asyncio.timeout(3):
            with pytest.raises(MailFailed):
                await mail.send(message())


async def test_absent_server_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(MailFailed):
        await SmtpMail(SmtpServer("127.0.0.1", port)).send(message())
