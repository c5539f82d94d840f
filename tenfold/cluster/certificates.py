"""The fleet's own authority and the certificates of its parts.

Keys are P-256, in files of mode 600. The authority signs nothing but the parts of its fleet, and
the parts trust nothing but the authority.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tenfold.durable import replace_private

AUTHORITY = "ca"
AUTHORITY_LIVES = timedelta(days=3650)
PART_LIVES = timedelta(days=397)
RENEW_BEFORE = timedelta(days=60)
_BACKDATED = timedelta(minutes=5)
"""Hosts whose clocks are a little behind must not refuse a fresh certificate."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a certificate is for: a part's name and the addresses it is reached at."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that lies in the folder; `names` are what it is valid for."""

    name: str
    path: Path
    names: tuple[str, ...]
    expires_at: datetime
    is_new: bool = False

    def days_left(self, now: datetime) -> int:
        return (self.expires_at - now).days


class Certificates:
    """The certificates in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def authority(self) -> Path:
        """The certificate that all parts trust."""
        return self.folder / f"{AUTHORITY}.crt"

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def ensure(
        self, subjects: Iterable[Subject], now: datetime | None = None, *, renew: bool = False
    ) -> list[Certificate]:
        """Make what is missing, expires soon or names other addresses; `renew` makes all anew.

        The authority stays: a new one would part those that have changed from those that have
        not. Returns the authority's certificate first.
        """
        moment = now or datetime.now(UTC)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = not self.authority.exists()
        if made:
            self._make_authority(moment)
        found = [self._described(AUTHORITY, made)]
        for subject in subjects:
            is_due = renew or made or self._is_due(subject, moment)
            if is_due:
                self._make(subject, moment)
            found.append(self._described(subject.name, is_due))
        return found

    def _is_due(self, subject: Subject, now: datetime) -> bool:
        if not (self.certificate(subject.name).exists() and self.key(subject.name).exists()):
            return True
        known = self._described(subject.name, False)
        return known.expires_at - now < RENEW_BEFORE or set(known.names) != set(_texts(subject))

    def _make_authority(self, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Tenfold fleet authority")
        usage = _usage(signs_certificates=True)
        certificate = (
            _builder(name, name, key, now, AUTHORITY_LIVES)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        self._write(AUTHORITY, certificate, key)

    def _make(self, subject: Subject, now: datetime) -> None:
        authority = x509.load_pem_x509_certificate(self.authority.read_bytes())
        signer = serialization.load_pem_private_key(self.key(AUTHORITY).read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(_name(subject.name), authority.subject, key, now, PART_LIVES)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(both), critical=False)
            .add_extension(x509.SubjectAlternativeName(_names(subject)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )
        self._write(subject.name, certificate, key)

    def _write(
        self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        # The key first: a crash in between leaves a pair that does not fit, which is made anew.
        self.certificate(name).unlink(missing_ok=True)
        replace_private(self.key(name), text)
        replace_private(
            self.certificate(name), certificate.public_bytes(serialization.Encoding.PEM)
        )

    def _described(self, name: str, is_new: bool) -> Certificate:
        path = self.certificate(name)
        found = x509.load_pem_x509_certificate(path.read_bytes())
        try:
            extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = tuple(str(name.value) for name in extension.value)
        except x509.ExtensionNotFound:
            names = ()
        return Certificate(name, path, names, found.not_valid_after_utc, is_new)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lives: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lives)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _names(subject: Subject) -> list[x509.GeneralName]:
    addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in subject.addresses]
    return [x509.DNSName(subject.name), *addresses]


def _texts(subject: Subject) -> list[str]:
    return [str(name.value) for name in _names(subject)]
