"""The fleet's own authority."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tenfold.cluster.certificates import PART_LIVES, RENEW_BEFORE, Certificates, Subject

PART = Subject("part-1", ("127.0.0.1",))


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    made = Certificates(tmp_path / "certs")
    made.ensure([PART])
    return made


def shake_hands(server: Certificates, trusted: Path, host: str = "127.0.0.1") -> None:
    """A TLS connection to a part. Raises: ssl.SSLError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server.certificate("part-1"), server.key("part-1"))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            client = ssl.create_default_context(cafile=trusted)
            with socket.create_connection(listener.getsockname()) as plain:
                client.wrap_socket(plain, server_hostname=host).close()
        finally:
            thread.join()


def test_a_part_is_known_by_its_authority_and_its_addresses(certificates: Certificates) -> None:
    shake_hands(certificates, certificates.authority)
    shake_hands(certificates, certificates.authority, "part-1")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificates, certificates.authority, "127.0.0.2")


def test_another_authority_is_not_trusted(certificates: Certificates, tmp_path: Path) -> None:
    other = Certificates(tmp_path / "other")
    other.ensure([])
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificates, other.authority)


def test_keys_are_private(certificates: Certificates) -> None:
    assert stat.S_IMODE(certificates.folder.stat().st_mode) == 0o700
    for path in certificates.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_good_is_kept(certificates: Certificates) -> None:
    before = certificates.certificate("part-1").read_bytes()
    found = certificates.ensure([PART])
    assert [one.is_new for one in found] == [False, False]
    assert certificates.certificate("part-1").read_bytes() == before


@pytest.mark.parametrize("reason", ["asked for", "expires soon", "new address", "key lost"])
def test_renewal_keeps_the_authority(certificates: Certificates, reason: str) -> None:
    authority = certificates.authority.read_bytes()
    subject, now = PART, datetime.now(UTC)
    if reason == "expires soon":
        now += PART_LIVES - RENEW_BEFORE + timedelta(hours=1)
    if reason == "new address":
        subject = Subject("part-1", ("127.0.0.1", "10.0.0.9"))
    if reason == "key lost":
        certificates.key("part-1").unlink()
    _, part = certificates.ensure([subject], now, renew=reason == "asked for")
    assert part.is_new
    assert part.days_left(now) in (396, 397)
    assert certificates.authority.read_bytes() == authority
    if reason != "expires soon":  # that one is for a day to come
        shake_hands(certificates, certificates.authority)
