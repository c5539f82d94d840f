"""What every way of sending mail must do. An adapter's test subclasses MailSuite.

Fixtures of the adapter's test: `mail`, the adapter; `received`, which gives the mails that have
arrived so far as email.message.EmailMessage (the log keeps text alternatives only).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from tenfold.mail import Address, Mail, MailFailed, Message

Received = Callable[[], list[EmailMessage]]

HTML = '<html><head><title>x</title></head><body><p>Hi, Zoë &amp; co</p><a href="http://a.b/c">go</a></body></html>'


ZOE = Address("zoe@example.com", "Zoë")
APP = Address("app@example.com", "The App")


def message(
    *,
    to: Address = ZOE,
    subject: str = "Grüße",
    html: str = HTML,
    sender: Address = APP,
) -> Message:
    return Message(sender, to, subject, html)


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.anyio
class MailSuite:
    """Run by every adapter."""

    async def test_arrives_with_text_alternative(self, mail: Mail, received: Received) -> None:
        await mail.send(message())
        (got,) = received()
        assert "zoe@example.com" in got["To"]
        assert got["Subject"] == "Grüße"
        assert "Hi, Zoë & co" in text_of(got)
        assert "[go](http://a.b/c)" in text_of(got)
        assert "title" not in text_of(got)

    @pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\u2028", "\x00\n"])
    async def test_subject_makes_no_header(
        self, mail: Mail, received: Received, breaks: str
    ) -> None:
        await mail.send(message(subject=f"Hello{breaks}Bcc: eve@example.com"))
        (got,) = received()
        assert got["Bcc"] is None
        assert got["Subject"] == "Hello Bcc: eve@example.com"

    async def test_name_makes_no_header(self, mail: Mail, received: Received) -> None:
        odd = Address("a@example.com", 'A "B"\r\nX-Evil: 1 <c@d.example>')
        await mail.send(message(to=odd, sender=odd))
        (got,) = received()
        assert got["X-Evil"] is None

    @pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a b@c.d", "a@b.c\r\nX: y", "@"])
    async def test_bad_address_is_refused(self, mail: Mail, received: Received, email: str) -> None:
        with pytest.raises(MailFailed):
            await mail.send(message(to=Address(email)))
        assert received() == []

    async def test_long_and_odd_bodies_arrive(self, mail: Mail, received: Received) -> None:
        await mail.send(message(html="<p>" + "x" * 5_000 + "</p>\n.\n<p>.\u2603</p>"))
        (got,) = received()
        assert "x" * 5_000 in text_of(got)
        assert ".\u2603" in text_of(got)

    async def test_many_at_once(self, mail: Mail, received: Received) -> None:
        await asyncio.gather(*(mail.send(message(subject=f"n{n}")) for n in range(12)))
        assert sorted(m["Subject"] for m in received()) == sorted(f"n{n}" for n in range(12))
