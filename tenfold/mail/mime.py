"""Turn a Message into the bytes that mail servers speak."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from tenfold.mail.contract import Address, MailFailed, Message
from tenfold.mail.plain_text import plain_text
from tenfold.mail.template import one_line

_MAX_NAME = 200


def mime(message: Message) -> EmailMessage:
    """The message with all its headers, text first and HTML as the richer alternative.

    Raises: MailFailed when an address can't be one.
    """
    built = EmailMessage(policy=SMTP)
    try:
        built["From"] = _address(message.sender)
        built["To"] = _address(message.to)
        built["Subject"] = one_line(message.subject)
    except (MessageError, ValueError, IndexError) as error:
        raise MailFailed(f"a header can't be written: {error}") from error
    built["Date"] = formatdate()
    built["Message-ID"] = make_msgid(domain=_domain(message.sender.email))
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(plain_text(message.html), cte="quoted-printable")
    built.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return built


def _address(address: Address) -> HeaderAddress:
    name = one_line(address.name)[:_MAX_NAME]
    return HeaderAddress(name, addr_spec=one_line(address.email))


def _domain(email: str) -> str:
    domain = email.rpartition("@")[2]
    return domain if domain.isascii() and domain else "localhost"
