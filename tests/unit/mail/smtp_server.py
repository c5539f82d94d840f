"""A real SMTP server on a loopback port, for tests."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Inbox:
    """What a running server received."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    hello: list[str] = field(default_factory=list[str])
    sign_ins: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    was_encrypted: list[bool] = field(default_factory=list[bool])

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        del server
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        if "refuse" in parsed["Subject"]:
            return "554 not this one"
        self.mails.append(parsed)
        self.hello.append(str(session.host_name))
        self.was_encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, auth_data: Any
    ) -> AuthResult:
        del server, session, envelope
        assert isinstance(auth_data, LoginPassword)
        self.sign_ins.append((mechanism, auth_data.login.decode()))
        return AuthResult(success=auth_data.password == b"right", handled=False)


@asynccontextmanager
async def running(**options: Any) -> AsyncGenerator[Inbox]:
    """A server until the block ends; `options` go to aiosmtpd's SMTP."""
    inbox = Inbox()
    if options.get("auth_required"):
        options["authenticator"] = inbox.authenticate
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(inbox, hostname="mx.example", loop=loop, **options), "127.0.0.1", 0
    )
    inbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield inbox


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server for 127.0.0.1 and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


@contextmanager
def in_thread(**options: Any) -> Generator[Inbox]:
    """The same for tests that are not async: the server runs on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = running(**options)
    inbox = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    try:
        yield inbox
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
