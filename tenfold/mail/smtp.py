"""Mail over SMTP: one connection a mail, encrypted whenever the server can."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtplib import SMTP, SMTPException

from tenfold.mail.contract import Mail, MailFailed, Message
from tenfold.mail.mime import mime

TIMEOUT_S = 20.0
MAX_CONNECTIONS = 4
MAX_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. `tls` speaks TLS from the first byte; else STARTTLS where it is offered.

    `auth_method` is PLAIN ("" too) or LOGIN; `local_name` is what HELO says ("" is localhost).
    """

    host: str
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    auth_method: str = ""
    tls: bool = False
    local_name: str = ""


class SmtpMail(Mail):
    """Sends over SMTP, a few mails at a time, each within `timeout_s`."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        timeout_s: float = TIMEOUT_S,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._tls_context = tls_context
        self._connections = asyncio.Semaphore(MAX_CONNECTIONS)
        self._waiting = 0

    async def send(self, message: Message) -> None:
        built = mime(message)
        if self._waiting >= MAX_WAITING:
            raise MailFailed("too many mails wait for the mail server")
        self._waiting += 1
        try:
            async with self._connections, asyncio.timeout(self._timeout_s):
                await self._deliver(built)
        except TimeoutError as error:
            raise MailFailed(f"{self._server.host} did not answer in time") from error
        except (SMTPException, OSError, ValueError) as error:
            raise MailFailed(f"{self._server.host}: {error}") from error
        finally:
            self._waiting -= 1

    async def _deliver(self, built: EmailMessage) -> None:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=False,
            local_hostname=server.local_name or "localhost",
            timeout=self._timeout_s,
            tls_context=self._tls_context,
        )
        async with client:
            is_private = server.tls or await self._start_tls(client) or _is_loopback(server.host)
            await self._sign_in(client, is_private=is_private)
            await client.send_message(built)

    async def _start_tls(self, client: SMTP) -> bool:
        await client.ehlo()
        if not client.supports_extension("starttls"):
            return False
        await client.starttls(tls_context=self._tls_context)
        await client.ehlo()
        return True

    async def _sign_in(self, client: SMTP, *, is_private: bool) -> None:
        server = self._server
        if not server.username and not server.password:
            return
        if not is_private:
            raise MailFailed("the mail server offers no TLS, so no password is sent to it")
        if server.auth_method.upper() == "LOGIN":
            await client.auth_login(server.username, server.password)
        else:
            await client.auth_plain(server.username, server.password)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
