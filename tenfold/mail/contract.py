"""What a way of sending mail must do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tenfold.errors import TenfoldError


class MailFailed(TenfoldError):
    """A mail was not taken: the server refused it, was away or too slow. The text says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address and the name shown beside it ("" is none)."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to one reader; its text alternative is made from the HTML."""

    sender: Address
    to: Address
    subject: str
    html: str


class Mail(Protocol):
    """A way of sending mail. Any number of sends may be under way at a time."""

    async def send(self, message: Message) -> None:
        """Hand a mail on; once this returns, someone else answers for it.

        Line breaks in addresses, names and subjects never become headers of their own.
        Raises: MailFailed.
        """
        ...
